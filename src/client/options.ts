import type { ConnectionOptions, PoolOptions } from 'mysql2'
import { OptionError } from './errors.ts'

/** One node: whatever it does not say it takes from the pool's options. */
export interface NodeOptions extends ConnectionOptions {
  /** How people and events call it; default the address. */
  readonly name?: string
  /** Writes go to the usable node with the highest; default 0. The same in all processes, so that they agree. */
  readonly priority?: number
  /** Reads prefer it; default whether it is reached by a socket or a loopback address. */
  readonly local?: boolean
}

/** What may be changed later for one connection. */
export interface SessionOptions {
  /**
   * What a read sees at least. `session`: all that this pool has written. `cluster`: all that anybody has written, at the cost of a wait for each read
   * (wsrep_sync_wait). `none`: what the node has. Default `session`.
   */
  readonly consistency?: 'session' | 'cluster' | 'none'
  /** How long a read waits for a node that lags before it goes to the writer. Milliseconds, default 1000. */
  readonly causalTimeout?: number
  /** Whether reads go to other nodes than the writer. Default true. */
  readonly splitReads?: boolean
  /** Transactions begin on another node than the writer, and move there, verified, with their first write. Default false. */
  readonly optimisticTransactions?: boolean
  /** Whether transactions are repeated on another node, every result compared. Default true. */
  readonly replay?: boolean
  /** How often one transaction is repeated. Default 10. */
  readonly replays?: number
  /** Statements, and bytes of them and of their results, that are kept of a transaction to repeat it; beyond, it can't be. Default 10000, 16 MiB. */
  readonly historyLimit?: number
  readonly historyBytes?: number
  /** A COMMIT whose outcome is not known is resolved by a token in the table `tokenTable`; a write outside a transaction becomes one. Default false. */
  readonly exactlyOnce?: boolean
  /** How long a call may wait for a node that takes it. Milliseconds, default 30000. */
  readonly failoverTimeout?: number
}

export interface ClusterOptions extends SessionOptions {
  /** At least one, but where there are `agents`. */
  readonly nodes?: readonly (string | NodeOptions)[]
  /** Agents of galeractl that tell the nodes: `host`, `host:port`. */
  readonly agents?: readonly string[]
  /** Default `galeractl_commits`; pool.createTokenTable() makes it. */
  readonly tokenTable?: string
  /** Nodes that the cluster itself tells of are used too. Default true. */
  readonly discover?: boolean
  /** Between two looks at each node, and how long one may take. Milliseconds, default 500 and 1000. */
  readonly probeInterval?: number
  readonly probeTimeout?: number
}

export type GaleraPoolOptions = Omit<PoolOptions, 'host' | 'port' | 'socketPath'> & ClusterOptions

export type Settings = Readonly<Required<SessionOptions>>

export interface Resolved {
  readonly nodes: readonly { readonly name: string; readonly priority: number; readonly local: boolean; readonly connection: ConnectionOptions }[]
  readonly agents: readonly string[]
  readonly settings: Settings
  readonly common: ConnectionOptions
  /** As it is written in SQL, with its database: whatever the session uses, all of the pool mean the same. */
  readonly tokenTable: string
  readonly discover: boolean
  readonly probeInterval: number
  readonly probeTimeout: number
  readonly limit: number
  readonly queueLimit: number
  readonly waits: boolean
  readonly idleTimeout: number
}

const DEFAULTS: Settings = { consistency: 'session', causalTimeout: 1_000, splitReads: true, optimisticTransactions: false, replay: true, replays: 10, historyLimit: 10_000, historyBytes: 16 * 1024 * 1024, exactlyOnce: false, failoverTimeout: 30_000 }

/** @throws OptionError */
export function resolveOptions(options: GaleraPoolOptions): Resolved {
  const { nodes = [], agents = [], tokenTable = 'galeractl_commits', discover = true, probeInterval = 500, probeTimeout = 1_000, connectionLimit = 10, queueLimit = 0, waitForConnections = true, idleTimeout = 60_000, maxIdle: _maxIdle, resetOnRelease: _reset, ...rest } = options
  if (!Array.isArray(nodes) || (nodes.length === 0 && agents.length === 0)) throw new OptionError('nodes is empty', "Give at least one: nodes: ['10.0.0.1', '10.0.0.2']")
  const settings = resolveSettings(DEFAULTS, rest)
  const common = Object.fromEntries(Object.entries(rest).filter(([name]) => !(name in DEFAULTS))) as ConnectionOptions
  return { nodes: nodes.map((one) => resolveNode(one, common)), agents, settings, common, tokenTable: resolveTable(tokenTable, common, nodes), discover, probeInterval: atLeast('probeInterval', probeInterval, 10), probeTimeout: atLeast('probeTimeout', probeTimeout, 10), limit: connectionLimit === 0 ? Infinity : atLeast('connectionLimit', connectionLimit, 1), queueLimit, waits: waitForConnections, idleTimeout }
}

function resolveTable(table: string, { database }: ConnectionOptions, nodes: NonNullable<ClusterOptions['nodes']>): string {
  if (!/^[A-Za-z0-9_$]+(\.[A-Za-z0-9_$]+)?$/.test(table)) throw new OptionError(`tokenTable ${JSON.stringify(table)} is no name of a table`, 'Use letters, digits and _, with at most one dot')
  const quoted = (...names: readonly string[]) => names.map((name) => `\`${name.replaceAll('`', '``')}\``).join('.')
  if (table.includes('.')) return quoted(...table.split('.'))
  if (nodes.some((node) => typeof node !== 'string' && node.database !== undefined && node.database !== database)) throw new OptionError('nodes have different databases', 'Give tokenTable with the name of its database')
  return database === undefined ? quoted(table) : quoted(database, table)
}

/** @throws OptionError */
export function resolveSettings(before: Settings, change: SessionOptions): Settings {
  const settings = { ...before }
  for (const name of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    const value = change[name]
    if (value === undefined) continue
    if (typeof value !== typeof DEFAULTS[name]) throw new OptionError(`${name} is ${JSON.stringify(value)}`, `Give a ${typeof DEFAULTS[name]}`)
    if (typeof value === 'number') atLeast(name, value, 0)
    Object.assign(settings, { [name]: value })
  }
  if (!['session', 'cluster', 'none'].includes(settings.consistency)) throw new OptionError(`consistency is ${JSON.stringify(settings.consistency)}`, "Give 'session', 'cluster' or 'none'")
  return settings
}

/** `host`, `host:port`, `[address]:port`, a path of a socket, or options. */
export function resolveNode(node: string | NodeOptions, common: ConnectionOptions): Resolved['nodes'][number] {
  const { name, priority = 0, local, ...own } = typeof node === 'string' ? addressOf(node) : node
  const connection: ConnectionOptions = { ...common, ...own }
  const at = connection.socketPath ?? `${connection.host?.includes(':') ? `[${connection.host}]` : (connection.host ?? 'localhost')}:${connection.port ?? 3306}`
  const near = connection.socketPath !== undefined || /^(localhost|127\.|::1$)/.test(connection.host ?? 'localhost')
  return { name: name ?? at, priority, local: local ?? near, connection }
}

function addressOf(text: string): NodeOptions {
  if (text.startsWith('/')) return { socketPath: text }
  const match = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text)
  if (match === null) throw new OptionError(`${JSON.stringify(text)} is no address of a node`, 'Write host, host:port, [IPv6]:port or /path/of/socket')
  const host = match[1] ?? match[2] ?? ''
  return match[3] === undefined ? { host } : { host, port: Number(match[3]) }
}

function atLeast(name: string, value: number, least: number): number {
  if (!Number.isFinite(value) || value < least) throw new OptionError(`${name} is ${value}`, `Give a number of at least ${least}`)
  return value
}
