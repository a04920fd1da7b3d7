import type { Connection } from 'mysql2/promise'
import type { TestCluster } from './cluster.ts'

interface Told {
  readonly uuid: string
  readonly size: number
  readonly ids: ReadonlySet<number>
  /** CHECKSUM TABLE EXTENDED of each table, as text. */
  readonly sums: string
}

/** What is wrong with a cluster that should be whole, or null: one history, all in one component, every acknowledged id in `ledger`, and, unless writers are at work, equal tables. */
export async function wrongWith(cluster: TestCluster, acknowledged: readonly number[], quiet = true): Promise<string | null> {
  const told: Told[] = []
  for (const node of cluster.nodes) {
    const one = await cluster.sql(node, look)
    if (one.size !== cluster.nodes.length) return `${node.name} sees ${one.size} nodes`
    const lost = acknowledged.filter((id) => !one.ids.has(id))
    if (lost.length > 0) return `${lost.length} acknowledged writes are not on ${node.name}: ${lost.slice(0, 5).join(', ')}`
    told.push(one)
  }
  const uuids = new Set(told.map(({ uuid }) => uuid))
  if (uuids.size > 1) return `histories ${[...uuids].join(', ')}`
  const sums = new Set(told.map((one) => one.sums))
  return quiet && sums.size > 1 ? `tables differ: ${[...sums].join(' and ')}` : null
}

async function look(sql: Connection): Promise<Told> {
  const status = await rowsOf<{ Variable_name: string; Value: string }>(sql, "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_state_uuid', 'wsrep_cluster_size')")
  const values = new Map(status.map((row) => [row.Variable_name, row.Value]))
  const ids = await rowsOf<{ id: number }>(sql, 'SET STATEMENT wsrep_sync_wait=1 FOR SELECT id FROM ledger')
  const tables = await rowsOf<{ name: string }>(sql, "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1")
  const sums = await rowsOf<{ Table: string; Checksum: number }>(sql, `CHECKSUM TABLE ${tables.map(({ name }) => `\`${name}\``).join(', ')} EXTENDED`)
  return { uuid: values.get('wsrep_cluster_state_uuid') ?? '', size: Number(values.get('wsrep_cluster_size')), ids: new Set(ids.map(({ id }) => id)), sums: sums.map((row) => `${row.Table} ${row.Checksum}`).join(', ') }
}

async function rowsOf<Row>(sql: Connection, query: string): Promise<readonly Row[]> {
  const [rows] = await sql.query(query)
  return rows as Row[]
}
