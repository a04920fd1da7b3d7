import { execFileSync, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Three real nodes on 127.0.37.x, one of which holds acknowledged writes that the others have not applied. */
let cluster: TestCluster
let written = 0

beforeAll(async () => {
  cluster = await makeCluster(37, 3)
  await startAll(cluster.nodes)
  await cluster.sql(node(0), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const startAll = (nodes: readonly TestNode[]) => Promise.all(nodes.map((one) => cluster.must(one, 'start')))
const write = (at: number, rows: number) => cluster.sql(node(at), async (sql) => {
  for (let row = 0; row < rows; row++) await sql.query('INSERT INTO ledger VALUES (?)', [++written])
})
const rowsOn = (at: number) => cluster.sql(node(at), async (sql) => {
  const [rows] = await sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT COUNT(*) AS n FROM ledger')
  return (rows as { n: number }[])[0]?.n
})
const expectRows = async (rows: number) => expect(await Promise.all([rowsOn(0), rowsOn(1), rowsOn(2)])).toEqual([rows, rows, rows])

const lastReason = (at: number) => (JSON.parse(readFileSync(join(node(at).gear, 'state/ledger.json'), 'utf8')) as { decisions: { reason: string }[] }).decisions.at(-1)?.reason
/** What the platform tells n1 and n2 of the others. */
const list = (listed: readonly TestNode[]) => Promise.all([0, 1].map((at) => cluster.must(node(at), 'setup', '--peers', listed.map(({ name, address }) => `${name}/${address}`).join(','))))

/** n3 acknowledges rows that n1 and n2 have received and not applied; then everything dies at once. */
async function outageWithTail(rows: number): Promise<void> {
  await write(0, 2)
  await expectRows(written)
  const locks = await Promise.all([0, 1].map(async (at) => {
    const released = Promise.withResolvers<void>()
    const locked = Promise.withResolvers<void>()
    const held = cluster.sql(node(at), async (sql) => {
      await sql.query('LOCK TABLES ledger READ')
      locked.resolve()
      await released.promise
    })
    await locked.promise
    return { held, release: released.resolve }
  }))
  await write(2, rows)
  cluster.kill(cluster.nodes)
  for (const lock of locks) {
    lock.release()
    await lock.held
  }
}

test('with the most advanced node absent the others wait and name it; when it comes every acknowledged row is there', async () => {
  await outageWithTail(4)
  const results = await Promise.all([0, 1].map((at) => cluster.run(node(at), 'start', '--timeout', '6')))
  for (const { exitCode, stderr } of results) {
    expect(exitCode).toBe(4)
    expect(stderr).toContain('No position yet from n3')
    expect(stderr).toContain('bootstrap --force')
  }
  await startAll(cluster.nodes)
  await expectRows(written)
})

test('an operator goes on without it, which is not listed any more: nothing without the name, only on the node that is furthest, and on record', async () => {
  await outageWithTail(3)
  const lost = 3
  await list([node(0), node(1)])
  await Promise.all([0, 1].map((at) => cluster.run(node(at), 'start', '--timeout', '3')))
  // Each knows its own position, and the other's.
  for (const at of [0, 1]) await expect.poll(() => lastReason(at), { timeout: 30_000 }).toMatch(/^No position yet from n3 \(/)
  expect(await cluster.run(node(0), 'bootstrap')).toMatchObject({ exitCode: 2 })
  expect(await cluster.run(node(0), 'bootstrap', '--force')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--reason') })
  const unnamed = await cluster.run(node(0), 'bootstrap', '--force', '--reason', 'its host burnt')
  expect(unnamed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--yes-lose n3') })
  expect(unnamed.stderr).toContain('left behind')
  expect(await cluster.run(node(1), 'bootstrap', '--force', '--reason', 'x', '--yes-lose', 'n3')).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('n1') })
  expect(await cluster.run(node(0), 'bootstrap', '--force', '--reason', 'its host burnt', '--yes-lose', 'n3')).toMatchObject({ exitCode: 0 })
  await startAll([node(0), node(1)])
  expect(readFileSync(join(node(0).gear, 'state/ledger.json'), 'utf8')).toContain('its host burnt')
  written -= lost
  await write(0, 2)
})

test('who was left behind comes back: its data is kept aside, told with the seqnos that only it holds, and it takes the state anew', async () => {
  await list(cluster.nodes)
  await cluster.must(node(2), 'start')
  await expectRows(written)
  const { stdout } = await cluster.must(node(2), 'rescued', '--json')
  const { rescued } = JSON.parse(stdout) as { rescued: { folder: string; fork: { why: string }; beyond: { first: string; last: string } }[] }
  expect(rescued).toMatchObject([{ fork: { why: 'forced' }, beyond: { first: expect.any(String), last: expect.any(String) } }])
  expect(readFileSync(join(rescued[0]?.folder ?? '', 'data/grastate.dat'), 'utf8')).toContain('GALERA')
  expect((await cluster.must(node(2), 'rescued')).stdout).toContain('mariadbd --defaults-file=')
})

test('absent-members=majority goes on after its time, and the absent node takes the state anew', async () => {
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'setup', '--absent-members', 'majority', '--absent-wait', '2')))
  await outageWithTail(3)
  await startAll([node(0), node(1)])
  written -= 3
  expect(await rowsOn(0)).toBe(written)
  await write(1, 1)
  await cluster.must(node(2), 'start')
  await expectRows(written)
  expect(JSON.parse((await cluster.must(node(2), 'rescued', '--json')).stdout)).toMatchObject({ rescued: [{}, { fork: { why: 'majority' } }] })
})

test('who was left behind and returns under stock mariadbd is told by the others, status exits 3; its agent then mends it', async () => {
  await outageWithTail(3)
  await startAll([node(0), node(1)])
  written -= 3
  await write(0, 1)
  byHand(node(2), recoveredPosition(node(2)))
  await expect.poll(async () => (await cluster.run(node(0), 'status')).exitCode, { timeout: 60_000, interval: 500 }).toBe(3)
  expect((await cluster.run(node(0), 'status')).stdout).toContain('the full SST that it needed after the fork at')
  await cluster.run(node(2), 'start')
  await expect.poll(async () => (JSON.parse((await cluster.must(node(2), 'rescued', '--json')).stdout) as { rescued: unknown[] }).rescued.length, { timeout: 90_000, interval: 500 }).toBe(3)
  await expect.poll(async () => (await cluster.run(node(2), 'status')).exitCode, { timeout: 90_000, interval: 500 }).toBe(0)
  await expectRows(written)
  await expect.poll(async () => (await cluster.run(node(0), 'status')).exitCode, { timeout: 30_000, interval: 500 }).toBe(0)
})

test('started by hand without a position all become Primary without a history: each agent stops its server and says the way out', async () => {
  await cluster.must(node(0), 'setup', '--absent-members', 'wait')
  cluster.kill(cluster.nodes)
  for (const one of cluster.nodes) byHand(one, null)
  await expect.poll(() => Promise.all([0, 1, 2].map((at) => historyOf(at))), { timeout: 60_000, interval: 500 }).toEqual(Array.from({ length: 3 }, () => '00000000-0000-0000-0000-000000000000'))
  const results = await Promise.all(cluster.nodes.map((one) => cluster.run(one, 'start')))
  for (const { exitCode, stderr } of results) {
    expect(exitCode).toBe(3)
    // Told by the attempt that found it running, or by the next, which finds what it left.
    expect(stderr).toMatch(/00000000-0000-0000-0000-000000000000|data without a history/)
  }
})

/** As somebody does who knows nothing of galeractl. */
function byHand(one: TestNode, position: string | null): void {
  const log = openSync(join(one.gear, 'log/mariadbd.log'), 'a')
  const args = ['-u', 'mysql', '--', 'mariadbd', `--defaults-file=${one.gear}/conf/my.cnf`, ...(position === null ? [] : [`--wsrep_start_position=${position}`])]
  spawn('runuser', args, { stdio: ['ignore', log, log], detached: true, cwd: join(one.gear, 'data') }).unref()
}

function recoveredPosition(one: TestNode): string {
  const said = execFileSync('runuser', ['-u', 'mysql', '--', 'sh', '-c', `mariadbd --defaults-file=${one.gear}/conf/my.cnf --wsrep-recover --disable-log-error 2>&1`], { encoding: 'utf8', cwd: '/' })
  return /Recovered position: ([0-9a-f-]+:\d+)/.exec(said)?.[1] ?? ''
}

async function historyOf(at: number): Promise<string | undefined> {
  try {
    return await cluster.sql(node(at), async (sql) => {
      const [rows] = await sql.query("SHOW GLOBAL STATUS LIKE 'wsrep_cluster_state_uuid'")
      return (rows as { Value: string }[])[0]?.Value
    })
  } catch {
    return undefined
  }
}
