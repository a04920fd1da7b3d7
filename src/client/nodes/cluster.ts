import { EventEmitter } from 'node:events'
import type { Connection } from 'mysql2'
import { NoPrimaryError, type SqlError } from '../errors.ts'
import { resolveNode, type Resolved } from '../options.ts'
import { failureOf } from '../failure.ts'
import { Agents, type ToldNode } from './agents.ts'
import { chooseReader, chooseWriter } from './choose.ts'
import type { Link } from './link.ts'
import { Node } from './node.ts'
import { Probe } from './probe.ts'

export interface Taken {
  readonly node: Node
  readonly link: Link
}

/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_BAD_DB_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR */
const MISCONFIGURED = new Set([1044, 1045, 1049, 1698])

/** All nodes, and which of them takes what. Emits `node` (node, health before) when one changes. */
export class Cluster extends EventEmitter {
  readonly nodes: Node[] = []
  readonly #options: Resolved
  readonly #opened: (connection: Connection) => void
  readonly #probes = new Map<Node, Probe>()
  readonly #waiting = new Set<() => void>()
  /** Nodes that the cluster told of. */
  readonly #found = new Set<Node>()
  /** Names of nodes that an agent told of. */
  readonly #byAgent = new Set<string>()
  #agents: Agents | null = null
  #sweeping: NodeJS.Timeout | undefined
  #turn = 0
  #writer: Node | null | undefined = undefined
  closed = false

  constructor(options: Resolved, opened: (connection: Connection) => void) {
    super()
    this.#options = options
    this.#opened = opened
    for (const node of options.nodes) this.#add(node, 'named')
    if (options.agents.length > 0) {
      this.#agents = new Agents(options.agents, options.probeTimeout, (nodes) => this.#told(nodes))
      void this.#agents.ask()
    }
    this.#sweeping = setInterval(() => this.nodes.forEach((node) => node.sweep(options.idleTimeout)), 1_000)
    this.#sweeping.unref()
  }

  /** Null also before all that are named were looked at: one of them may come first in the eyes of all others. */
  get writer(): Node | null {
    if (this.#writer === undefined) this.#writer = this.nodes.every((node) => node.looked || this.#found.has(node)) ? chooseWriter(this.nodes) : null
    return this.#writer
  }

  choose(what: 'read' | 'write'): Node | null {
    return what === 'write' ? this.writer : chooseReader(this.nodes, this.writer, this.#turn++)
  }

  /**
   * A connection to a node that takes this, before `deadline` (performance.now).
   * @throws NoPrimaryError; what mysql2 reports where it is the configuration's fault
   */
  async take(what: 'read' | 'write', deadline: number, since = performance.now()): Promise<Taken> {
    for (;;) {
      if (this.closed) throw new Error('Pool is closed.')
      const node = this.choose(what) ?? (await this.#wait(what, deadline, since))
      try {
        return { node, link: await node.acquire() }
      } catch (error) {
        if (MISCONFIGURED.has((error as SqlError).errno ?? 0)) throw error
        node.refuses(error as Error)
        this.look(node)
      }
    }
  }

  /** A statement on this node ended so. */
  heard(node: Node, error: unknown): void {
    const failure = failureOf(error)
    if (failure === 'refused') node.out('runs no statement (1047)')
    if (failure === 'read-only' && node.health !== null) node.learn({ ...node.health, readOnly: true })
    if (failure !== 'statement' && failure !== 'conflict') this.look(node)
  }

  look(node: Node): void {
    this.#probes.get(node)?.look()
  }

  drain(name: string, drained: boolean): boolean {
    const node = this.nodes.find((one) => one.name === name || one.identity === name)
    if (node === undefined) return false
    node.resting = drained
    this.#changed(node, node.health)
    return true
  }

  close(): void {
    this.closed = true
    clearInterval(this.#sweeping)
    this.#agents?.close()
    for (const probe of this.#probes.values()) probe.close()
    for (const node of this.nodes) node.close()
    for (const wake of this.#waiting) wake()
  }

  describe(): readonly string[] {
    if (this.nodes.length === 0) return [this.#agents?.trouble ?? 'there are no nodes']
    return this.nodes.map(({ name, health, drained, error }) => `${name}: ${drained ? 'drained' : (health?.why ?? error?.message ?? 'not reached yet')}`)
  }

  /** Nobody has taken it in so many milliseconds. */
  noPrimary(milliseconds: number): NoPrimaryError {
    return new NoPrimaryError(Math.round(milliseconds), this.describe(), this.nodes.find(({ error }) => error !== null)?.error ?? undefined)
  }

  /** Until some node takes it. */
  #wait(what: 'read' | 'write', deadline: number, since: number): Promise<Node> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(look)
      }
      const fail = (error: Error) => {
        end()
        reject(error)
      }
      const look = () => {
        if (this.closed) return fail(new Error('Pool is closed.'))
        const wrong = this.nodes.map(({ error }) => error).filter((error) => MISCONFIGURED.has((error as SqlError | null)?.errno ?? 0))
        if (wrong.length > 0 && wrong.length === this.nodes.length) return fail(wrong[0] as Error)
        const node = this.choose(what)
        if (node === null) return
        end()
        resolve(node)
      }
      const timer = setTimeout(() => fail(this.noPrimary(performance.now() - since)), Math.max(0, deadline - performance.now()))
      this.#waiting.add(look)
      look()
    })
  }

  #add(options: Resolved['nodes'][number], how: 'named' | 'found'): void {
    const node = new Node(options, this.#opened)
    if (how === 'found') this.#found.add(node)
    const probe = new Probe(node, this.#options.probeInterval, this.#options.probeTimeout)
    this.nodes.push(node)
    this.#probes.set(node, probe)
    node.on('change', (before) => this.#changed(node, before))
    node.on('looked', () => this.#discover(node))
    probe.look()
  }

  #changed(node: Node, before: Node['health']): void {
    this.#writer = undefined
    this.emit('node', node, before)
    for (const wake of this.#waiting) wake()
  }

  /** An agent knows all; who left the list and is gone is no longer asked. */
  #told(nodes: readonly ToldNode[]): void {
    for (const { name, host, port } of nodes) {
      const address = `${host.includes(':') ? `[${host}]` : host}:${port}`
      if (this.nodes.some((one) => one.name === name || one.name === address || one.identity === name || one.health?.address === address)) continue
      this.#add(resolveNode({ host, port, name }, this.#options.common), 'named')
      this.#byAgent.add(name)
    }
    for (const node of this.nodes.filter((one) => this.#byAgent.has(one.name) && isGone(one))) {
      if (!nodes.some(({ name }) => name === node.name)) this.#forget(node)
    }
  }

  /** Members that nobody has named. */
  #discover(node: Node): void {
    const { health } = node
    // It was found by another name before it could be reached by its own.
    const isReached = health !== null && health.state !== 'out' && !node.twin
    for (const found of this.#found) if (isReached && found !== node && (found.identity === node.identity || (found.health?.address ?? '') === health?.address)) this.#forgetTwin(found)
    this.#writer = undefined
    // Those that wait look again, since an error may have come.
    for (const wake of this.#waiting) wake()
    if (!this.#options.discover || health === null || health.state === 'out') return
    for (const address of health.members) {
      const known = this.nodes.some(({ health: other, name }) => name === address || other?.address === address)
      // Before all that are named were looked at, one of them may be this one.
      if (known || this.nodes.some((one) => !this.#found.has(one) && !one.looked)) continue
      const options = this.#resolve(address)
      if (options !== null) this.#add(options, 'found')
    }
    for (const node of this.#found) if (isGone(node) && !health.members.includes(node.name)) this.#forget(node)
  }

  /** Null where the cluster tells something that is no address. */
  #resolve(address: string): Resolved['nodes'][number] | null {
    try {
      return resolveNode(address, this.#options.common)
    } catch {
      return null
    }
  }

  /** It gets nothing new, and goes when what it does is done. */
  #forgetTwin(node: Node): void {
    node.twin = true
    if (node.busy === 0) this.#forget(node)
  }

  #forget(node: Node): void {
    this.#found.delete(node)
    this.#probes.get(node)?.close()
    this.#probes.delete(node)
    node.close()
    this.nodes.splice(this.nodes.indexOf(node), 1)
    // Whichever of them is left is the one.
    for (const one of this.nodes) if (one.identity === node.identity) one.twin = false
    this.#writer = undefined
  }
}

/** Whoever still waits for it would wait for ever if nobody looked at it any more. */
const isGone = ({ health, busy }: Node): boolean => health?.state === 'out' && busy === 0
