import { rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Hono } from 'hono'
import { recordServer } from '../mariadb/server.ts'
import { exists, makeFolder } from '../system/files.ts'
import { closeServer, listenLocally } from './listen.ts'
import type { Node } from './node.ts'

/** Milliseconds. */
const LOOK_INTERVAL = 500

/** The agent's files in run/ by which it is reached and found. What somebody removes of them is made anew. */
export class RunFiles implements AsyncDisposable {
  readonly #node: Node
  readonly #api: Hono
  #server: Server | null = null
  #looking: Promise<void> | null = null
  #failing = false
  #timer: NodeJS.Timeout | undefined

  private constructor(node: Node, api: Hono) {
    this.#node = node
    this.#api = api
  }

  /** @throws OutsideError `agent-port` */
  static async open(node: Node, api: Hono): Promise<RunFiles> {
    const files = new RunFiles(node, api)
    await rm(node.paths.agentSocket, { force: true })
    await files.#make()
    files.#timer = setInterval(() => files.#look(), LOOK_INTERVAL)
    return files
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
    if (this.#server !== null) await closeServer(this.#server)
    await rm(this.#node.paths.agentSocket, { force: true })
  }

  #look(): void {
    this.#looking ??= this.#make().then(
      () => void (this.#failing = false),
      (err: unknown) => {
        if (!this.#failing) this.#node.log.error({ err }, 'what is missing in run/ can not be made anew')
        this.#failing = true
      },
    ).finally(() => (this.#looking = null))
  }

  async #make(): Promise<void> {
    const { paths, files, log } = this.#node
    await makeFolder(paths.run, 0o750)
    if (!(await exists(paths.agentPid))) await writeFile(paths.agentPid, `${process.pid}\n`, { mode: 0o640 })
    const { server } = this.#node.state
    if (server !== null && !(await exists(files.processFile))) await recordServer(files, server)
    // The last: who finds it finds the others.
    if (!(await exists(paths.agentSocket))) {
      if (this.#server !== null) {
        log.warn('the agent\'s socket was removed; it is made anew')
        // Before the new one is there: it removes what has the name.
        void closeServer(this.#server)
        this.#server = null
      }
      this.#server = await listenLocally(this.#api, paths.agentSocket)
    }
  }
}
