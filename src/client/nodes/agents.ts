/** What an agent of galeractl tells of its cluster, at `/nodes`. */
export interface ToldNode {
  readonly name: string
  readonly host: string
  readonly port: number
}

const DEFAULT_PORT = 4570

/** Between two questions, milliseconds: nodes come and go seldom. */
const INTERVAL = 10_000

/** Asks agents for the nodes again and again: the first that answers is believed. */
export class Agents {
  readonly #urls: readonly string[]
  readonly #timeout: number
  readonly #told: (nodes: readonly ToldNode[]) => void
  #timer: NodeJS.Timeout | undefined
  #closed = false
  /** What they said last, where none answers; for people. */
  trouble = 'not asked yet'

  /** `agents`: `host`, `host:port`, `[IPv6]:port`. `timeout` of one, milliseconds. */
  constructor(agents: readonly string[], timeout: number, told: (nodes: readonly ToldNode[]) => void) {
    this.#urls = agents.map((agent) => `http://${/(^|\]|^[^:]+):\d+$/.test(agent) ? agent : `${agent}:${DEFAULT_PORT}`}/nodes`)
    this.#timeout = timeout
    this.#told = told
  }

  async ask(): Promise<void> {
    for (const url of this.#urls) {
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(this.#timeout) })
        if (!answer.ok) throw new Error(`${answer.status} ${(await answer.text()).trim().slice(0, 100)}`)
        const nodes = parseNodes(await answer.json())
        if (!this.#closed) this.#told(nodes)
        break
      } catch (error) {
        this.trouble = `agent ${url}: ${(error as Error).message}`
      }
    }
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.ask(), INTERVAL)
    this.#timer.unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }
}

/** Throws for anything else: what answers there may be no agent. */
function parseNodes(answer: unknown): readonly ToldNode[] {
  const { nodes } = (answer ?? {}) as { nodes?: unknown }
  const isNode = (one: unknown): one is ToldNode => {
    const { name, host, port } = (one ?? {}) as Partial<Record<keyof ToldNode, unknown>>
    return typeof name === 'string' && typeof host === 'string' && Number.isInteger(port)
  }
  if (!Array.isArray(nodes) || nodes.length === 0 || !nodes.every(isNode)) throw new Error('it answers something else than the nodes of a cluster')
  return nodes
}
