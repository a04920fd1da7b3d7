import { createPool as createBarePool, type Pool, type PoolConnection } from 'mysql2'
import { createPool, type GaleraPoolOptions } from '../../src/client/index.ts'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'
import { pairs, type Row } from './measure.ts'

/** Calls of one measurement. */
const CALLS = 10_000
const TRANSACTIONS = 600
/** They wait for the disk, and scatter more. */
const TRANSACTION_ROUNDS = 45

type AnyPool = Pick<Pool, 'query' | 'execute' | 'end'> & { getConnection(done: (error: NodeJS.ErrnoException | null, connection: PoolConnection) => void): void }

/** The client against a bare pool of mysql2, in this process, on the first of three nodes, turn by turn. */
export async function clientRows(rounds: number, tell: (text: string) => void): Promise<{ readonly rows: readonly Row[] }> {
  await using cluster = await makeCluster(49, 3)
  const [node] = cluster.nodes as [TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  asRoot(node, 'CREATE TABLE pk (id INT PRIMARY KEY, a VARCHAR(100), b INT); INSERT INTO pk SELECT seq, REPEAT(CHAR(97 + seq MOD 26), 60), seq FROM seq_1_to_1000')
  const common = { ...(await cluster.account(node)), connectionLimit: 32 }
  const bare = createBarePool({ ...common, host: node.address })
  const ours = (options: Partial<GaleraPoolOptions> = {}) => createPool({ ...common, nodes: [node.address], discover: false, ...options }) as unknown as AnyPool & { createTokenTable(): Promise<void> }
  const [plain, unrecorded, once] = [ours(), ours({ replay: false }), ours({ exactlyOnce: true })]
  await once.createTokenTable()
  const rows: Row[] = []
  const measure = async (what: string, goal: number, run: (pool: AnyPool) => Promise<number>, pool: AnyPool = plain, least = 15) => {
    tell(what)
    for (const one of [pool, bare, pool, bare]) await run(one)
    rows.push({ what: `client: ${what}`, ...(await pairs(Math.max(least, rounds), () => run(pool), () => run(bare))), against: 'bare mysql2 pool', goal })
  }
  for (const atOnce of [1, 8, 32]) {
    await measure(`PK select by query, ${atOnce} at once`, 1.08, (pool) => callsOf(CALLS, atOnce, (id, done) => void pool.query('SELECT * FROM pk WHERE id = ?', [id], done)))
    await measure(`PK select by execute, ${atOnce} at once`, 1.08, (pool) => callsOf(CALLS, atOnce, (id, done) => void pool.execute('SELECT * FROM pk WHERE id = ?', [id], done)))
  }
  await measure('get, query, release', 1.08, (pool) => callsOf(CALLS, 8, (id, done) => held(pool, done, (connection, end) => connection.query('SELECT * FROM pk WHERE id = ?', [id], end))))
  await measure('1000 rows', 1.1, (pool) => callsOf(100, 4, (_id, done) => void pool.query('SELECT * FROM pk', done)))
  await measure('transaction of 3 statements, recorded', 1.12, transactions, plain, TRANSACTION_ROUNDS)
  await measure('transaction of 3 statements, not recorded', 1.12, transactions, unrecorded, TRANSACTION_ROUNDS)
  await measure('transaction of 3 statements, with token', 1.25, transactions, once, TRANSACTION_ROUNDS)
  await measure('transaction that reads 1000 rows, recorded', 1.6, (pool) => callsOf(100, 4, (_id, done) => held(pool, done, (connection, end) => steps([(next) => connection.beginTransaction(next), (next) => connection.query('SELECT * FROM pk', next), (next) => connection.commit(next)], end))))
  for (const pool of [bare, plain, unrecorded, once]) pool.end(() => undefined)
  return { rows }
}

const transactions = (pool: AnyPool) =>
  callsOf(TRANSACTIONS, 4, (id, done) =>
    held(pool, done, (connection, end) =>
      steps([
        (next) => connection.beginTransaction(next),
        (next) => connection.query('SELECT b FROM pk WHERE id = ?', [id], next),
        (next) => connection.query('UPDATE pk SET b = b + 1 WHERE id = ?', [id], next),
        (next) => connection.query('SELECT b FROM pk WHERE id = ?', [id], next),
        (next) => connection.commit(next),
      ], end)))

type Done = (error?: unknown) => void

function held(pool: AnyPool, done: Done, work: (connection: PoolConnection, end: Done) => void): void {
  pool.getConnection((error, connection) => {
    if (error !== null && error !== undefined) return done(error)
    work(connection, (failure) => {
      connection.release()
      done(failure)
    })
  })
}

function steps([step, ...rest]: readonly ((next: Done) => void)[], end: Done): void {
  if (step === undefined) return end()
  step((error) => (error ? end(error) : steps(rest, end)))
}

/** Milliseconds for so many calls, so many at once. */
function callsOf(count: number, atOnce: number, call: (id: number, done: Done) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    let begun = 0
    let ended = 0
    const next = () => {
      if (begun >= count) return
      begun++
      call((begun % 1000) + 1, (error) => {
        if (error) return reject(error as Error)
        if (++ended === count) resolve(performance.now() - began)
        else next()
      })
    }
    for (let lane = 0; lane < atOnce; lane++) next()
  })
}
