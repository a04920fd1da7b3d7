import { type Connection, createConnection } from 'mysql2/promise'
import { AGENT_USER } from '../config/secrets.ts'
import { type NodeStatus, parseNodeStatus } from '../galera/node-status.ts'
import type { View } from '../galera/view.ts'
import { isUuid } from '../galera/gtid.ts'

type Row = Readonly<Record<string, string | number | null>>

/**
 * One SQL session on the local server, opened when first needed and again after it broke.
 * Each statement is bounded in time; a failure is an exception of mysql2.
 */
export class Session implements AsyncDisposable {
  readonly #socket: string
  readonly #password: string
  #connection: Connection | null = null

  constructor(socket: string, password: string) {
    this.#socket = socket
    this.#password = password
  }

  async query(sql: string, values: readonly (string | number)[] = [], timeout = 5_000): Promise<readonly Row[]> {
    const connection = await this.#open()
    try {
      const [rows] = await connection.query({ sql, timeout, supportBigNumbers: true, bigNumberStrings: true }, [...values])
      return Array.isArray(rows) ? (rows as Row[]) : []
    } catch (error) {
      this.#connection = null
      connection.destroy()
      throw error
    }
  }

  async status(): Promise<NodeStatus> {
    return parseNodeStatus(await this.#variables("SHOW GLOBAL STATUS LIKE 'wsrep_%'"))
  }

  /** Global variables of these names. */
  async globals(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#variables(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(() => '?').join(',')})`, names)
  }

  /** The view that the server is in, from mysql.wsrep_cluster; null before the first. */
  async view(nodeUuid: string): Promise<View | null> {
    const rows = await this.query(
      'SELECT c.cluster_uuid, c.view_seqno, m.node_uuid, m.node_name FROM mysql.wsrep_cluster c JOIN mysql.wsrep_cluster_members m USING (cluster_uuid)',
    )
    const first = rows[0]
    if (first === undefined || !isUuid(String(first['cluster_uuid']))) return null
    const members = rows.map((row) => ({ uuid: String(row['node_uuid']), name: String(row['node_name']) }))
    if (!members.some((member) => member.uuid === nodeUuid)) return null
    return { uuid: String(first['cluster_uuid']), seqno: BigInt(String(first['view_seqno'])), members: members.toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1)), ownUuid: nodeUuid }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.destroy()
    this.#connection = null
  }

  async #variables(sql: string, values: readonly string[] = []): Promise<ReadonlyMap<string, string>> {
    return new Map((await this.query(sql, values)).map((row) => [String(row['Variable_name']), String(row['Value'])]))
  }

  async #open(): Promise<Connection> {
    if (this.#connection !== null) return this.#connection
    const connection = await createConnection({ socketPath: this.#socket, user: AGENT_USER, password: this.#password, connectTimeout: 5_000 })
    connection.on('error', () => {
      if (this.#connection === connection) this.#connection = null
    })
    this.#connection = connection
    return connection
  }
}
