import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { type LogPlaces, readServerLogs } from '../mariadb/server-logs.ts'
import { logSince, logSize } from '../mariadb/server.ts'

interface Places extends LogPlaces {
  readonly gear: string
  /** What the server writes to stderr: all, where it has no log_error. */
  readonly stderr: string
}

/** What a server says: on stderr, and in the log_error of conf.d; and from where on it is of its present run. */
export class ServerLog {
  readonly #places: Places
  #logs: readonly { readonly path: string; readonly offset: number }[] = []

  constructor(places: Places) {
    this.#places = places
  }

  /** The one that people read. */
  get path(): string {
    return this.#logs.at(-1)?.path ?? this.#places.stderr
  }

  /** The same, in a sentence. */
  get name(): string {
    const inside = relative(this.#places.gear, this.path)
    return inside.startsWith('..') ? this.path : `${inside} in the gear`
  }

  /** Before a launch, and where a server is taken over: what is there is of earlier runs. */
  async begin(): Promise<void> {
    const { error } = await readServerLogs(this.#places)
    // Whoever opens a named pipe waits for its other end.
    const readable = error !== null && (await stat(error).then((info) => info.isFile(), () => true))
    const paths = [this.#places.stderr, ...(readable ? [error] : [])]
    this.#logs = await Promise.all(paths.map(async (path) => ({ path, offset: await logSize(path) })))
  }

  /** What the present run has said. */
  async text(): Promise<string> {
    return (await Promise.all(this.#logs.map(({ path, offset }) => logSince(path, offset)))).join('\n')
  }
}
