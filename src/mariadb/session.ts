import type { Connection } from 'mysql2/promise'
import { AGENT_USER } from '../config/secrets.ts'
import { type NodeStatus, parseNodeStatus, WRITE_VARIABLES } from '../galera/node-status.ts'
import type { View } from '../galera/view.ts'
import { isUuid } from '../galera/gtid.ts'
import { visibleName } from '../system/screen.ts'
import { within } from '../system/wait.ts'
import { openOwnSession } from './own-session.ts'
import { sqlTrouble } from './sql-trouble.ts'

/** Milliseconds. */
const CONNECT_TIMEOUT = 2_000

/** Seconds: as long as a statement is waited for. */
const LOCK_WAIT = 5

type Row = Readonly<Record<string, string | number | null>>

/**
 * One SQL session on the local server, opened when first needed and again after it broke.
 * Each statement is bounded in time. A failure is an exception of mysql2, or NotYetError `timeout`.
 */
export class Session implements AsyncDisposable {
  readonly #socket: string
  readonly #password: string
  /** Shared by all callers, so that two at the same moment don't open two. */
  #connection: Promise<Connection> | null = null
  /** Ends what is being asked over the present connection. */
  #ending = new AbortController()
  #trouble: string | null = null

  constructor(socket: string, password: string) {
    this.#socket = socket
    this.#password = password
  }

  /** Why the server did not tell its status when it was last asked, for people; null where it did. */
  get trouble(): string | null {
    return this.#trouble
  }

  /** `timeout` in milliseconds. Our own clock: mysql2 never settles a query that was queued on a connection that is then destroyed. */
  async query(sql: string, values: readonly (string | number)[] = [], timeout = 5_000): Promise<readonly Row[]> {
    const opening = (this.#connection ??= this.#open())
    let isOpen = false
    try {
      const answer = opening.then((connection) => {
        isOpen = true
        return connection.query({ sql, supportBigNumbers: true, bigNumberStrings: true }, [...values])
      })
      const [rows] = await within(answer, timeout, this.#ending.signal)
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      if (!isOpen || !isSqlError(error)) this.#close(opening)
      throw error
    }
  }

  async status(): Promise<NodeStatus> {
    try {
      const [status, settings] = await Promise.all([this.#variables("SHOW GLOBAL STATUS WHERE Variable_name LIKE 'wsrep_%' OR Variable_name = 'Threads_connected'"), this.globals(WRITE_VARIABLES)])
      this.#trouble = null
      return parseNodeStatus(new Map([...status, ...settings]))
    } catch (error) {
      this.#trouble = sqlTrouble(error)
      throw error
    }
  }

  /** Global variables of these names. */
  async globals(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#variables(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(',')})`, names)
  }

  /**
   * The view that the server is in, from mysql.wsrep_cluster; null before the first. A member of a strange name is known by what can be seen of it:
   * it is only ever a label, for who has an agent has a plain name.
   */
  async view(nodeUuid: string, weight: number | null): Promise<View | null> {
    const rows = await this.query(
      'SELECT c.cluster_uuid, c.view_seqno, m.node_uuid, m.node_name, m.node_incoming_address FROM mysql.wsrep_cluster c JOIN mysql.wsrep_cluster_members m USING (cluster_uuid)',
    )
    const first = rows[0]
    if (first === undefined || !isUuid(String(first['cluster_uuid']))) return null
    const members = rows.map((row) => ({ uuid: String(row['node_uuid']), name: visibleName(String(row['node_name'])), address: String(row['node_incoming_address']) }))
    if (!members.some((member) => member.uuid === nodeUuid)) return null
    return { uuid: String(first['cluster_uuid']), seqno: BigInt(String(first['view_seqno'])), after: null, members: members.toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1)), weight, ownWeight: null, ownUuid: nodeUuid }
  }

  /** The server's votes as Galera counts them; null where it does not tell. */
  async weight(): Promise<number | null> {
    const options = (await this.globals(['wsrep_provider_options'])).get('wsrep_provider_options') ?? ''
    const weight = /(?:^|;)\s*pc\.weight\s*=\s*(\d+)/.exec(options)?.[1]
    return weight === undefined ? null : Number(weight)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#connection !== null) this.#close(this.#connection)
  }

  async #variables(sql: string, values: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.query(sql, values)).map((row) => [String(row['Variable_name']), String(row['Value'])]))
  }

  #open(): Promise<Connection> {
    return openOwnSession({ socketPath: this.#socket, user: AGENT_USER, password: this.#password, connectTimeout: CONNECT_TIMEOUT }, LOCK_WAIT)
  }

  #close(opening: Promise<Connection>): void {
    if (this.#connection === opening) {
      this.#connection = null
      this.#ending.abort()
      this.#ending = new AbortController()
    }
    opening.then((connection) => connection.destroy(), () => undefined)
  }
}

/** The server answered that the statement is wrong: the connection is sound, and others may be using it. */
function isSqlError(error: unknown): boolean {
  const { sqlState, fatal } = error as { sqlState?: string; fatal?: boolean }
  return sqlState !== undefined && fatal !== true
}
