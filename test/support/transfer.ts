import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../../src/system/wait.ts'
import { type ClusterOptions, makeCluster, type TestCluster, type TestNode } from './cluster.ts'

/** The server's own view of the cluster, where events run, logs and numbers of transactions differ from node to node; each writes its estimates anew when it likes. */
const OWN = "table_schema = 'mysql' AND table_name IN ('innodb_table_stats', 'innodb_index_stats', 'general_log', 'slow_log', 'wsrep_cluster_members', 'wsrep_cluster', 'gtid_slave_pos', 'transaction_registry', 'event') OR table_name = 'by_transaction'"

const socketOf = (node: TestNode) => join(node.gear, 'run/mariadbd.sock')

export const asRoot = (node: TestNode, input: string | Buffer) => execFileSync('mariadb', ['-uroot', '--default-character-set=utf8mb4', '-NB', '-S', socketOf(node), 'app'], { input, maxBuffer: 2 ** 28, encoding: 'utf8' })
export const logOf = (node: TestNode) => readFileSync(join(node.gear, 'log/mariadbd.log'), 'utf8')

export interface Pair extends AsyncDisposable {
  readonly cluster: TestCluster
  readonly donor: TestNode
  readonly joiner: TestNode
}

/** Nodes of a cluster that is up; n1 is everybody's donor, n2 the joiner. With three, the others have quorum when one dies. */
export async function makePair(net: number, method: string, { server = '', size = 2, ...options }: ClusterOptions & { readonly server?: string; readonly size?: 2 | 3 } = {}): Promise<Pair> {
  await using opened = new AsyncDisposableStack()
  const cluster = opened.use(await makeCluster(net, size, { ...options, setup: ['--sst-method', method, ...(options.setup ?? [])] }))
  const [donor, joiner] = cluster.nodes as [TestNode, TestNode]
  for (const node of cluster.nodes) writeFileSync(join(node.gear, 'conf/conf.d/more.cnf'), `[mariadbd]\nwsrep_sst_donor = n1,\n${server}\n`)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  const all = opened.move()
  return { cluster, donor, joiner, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** A node that has lost everything is there again. */
export async function emptied(cluster: TestCluster, node: TestNode): Promise<void> {
  await cluster.must(node, 'stop')
  rmSync(join(node.gear, 'data'), { recursive: true })
  await cluster.setup(node)
}

/** 400 MB in a table, so that a transfer can be met on its way. */
export function makeBig(node: TestNode): void {
  asRoot(node, 'CREATE TABLE app.big (id INT PRIMARY KEY, t VARCHAR(2000)); INSERT INTO app.big SELECT seq, REPEAT(MD5(seq), 30) FROM seq_1_to_200000')
}

export const rowsOnTheirWay = (joiner: TestNode) => waitFor('rows to be on their way', async () => (logOf(joiner).includes('from n1: 0 of 1 tables') ? true : undefined), { timeout: 60_000, interval: 20 })

/** CHECKSUM TABLE EXTENDED of every table. Not of sequences: the server's answer to that is malformed after FLUSH TABLES [ran: 10.11.19]. */
export function sums(node: TestNode): string {
  const tables = asRoot(node, `SELECT CONCAT('\`', REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`') FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN ('information_schema', 'performance_schema', 'sys') AND NOT (${OWN}) ORDER BY 1`)
  return asRoot(node, `CHECKSUM TABLE ${tables.trim().split('\n').join(', ')} EXTENDED`)
}

/** mariadb-dump of all definitions; without a view that is of no use any more. */
export const schema = (node: TestNode) => spawnSync('mariadb-dump', ['-uroot', '-S', socketOf(node), '--all-databases', '--no-data', '--routines', '--events', '--triggers', '--skip-comments'], { maxBuffer: 2 ** 28, encoding: 'utf8' }).stdout
