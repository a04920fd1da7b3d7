import { existsSync, globSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../simulation/random.ts'
import { FAULTS } from '../soak/faults.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { wrongWith } from '../support/whole.ts'

/** Three real nodes on 127.0.45.x that die in the middle of what they do. n2's clock is an hour ahead, n3's an hour behind. */
let cluster: TestCluster
const ids: number[] = []

beforeAll(async () => {
  cluster = await makeCluster(45, 3, { enter: (at) => (at === 0 ? [] : withClock(at === 1 ? '+1h' : '-1h')) })
  await startAll()
  // On the node that writes first.
  await cluster.sql(node(1), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY)'))
})
afterAll(() => cluster[Symbol.asyncDispose]())

/** With a /dev/shm of its own: libfaketime leaves a semaphore there where it is killed, and fails on one that it finds. */
function withClock(offset: string): readonly string[] {
  const [library] = globSync('/usr/lib/*/faketime/libfaketime.so.1')
  return ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs tmpfs /dev/shm && exec "$@"', 'sh', 'env', `LD_PRELOAD=${library}`, `FAKETIME=${offset}`]
}

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const startAll = () => Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
const expectWhole = () => expect.poll(() => wrongWith(cluster, ids), { timeout: 90_000, interval: 300 }).toBeNull()

async function write(at: number): Promise<void> {
  const id = ids.length + 1
  await cluster.sql(node(at), (sql) => sql.query('INSERT INTO ledger VALUES (?)', [id]))
  ids.push(id)
}

const agentLog = (at: number) => readFileSync(join(node(at).gear, 'log/agent.log'), 'utf8')
const decisions = (at: number) => (JSON.parse(readFileSync(join(node(at).gear, 'state/ledger.json'), 'utf8')) as { decisions: unknown[] }).decisions.length

/** What shows that n1, which is the first to start, has come so far. */
const STEPS: Readonly<Record<string, (before: number) => boolean>> = {
  'it has decided': (before) => decisions(0) !== before,
  'mariadbd is launched': () => existsSync(join(node(0).gear, 'run/server.json')),
  'mariadbd answers': () => existsSync(join(node(0).gear, 'run/mariadbd.sock')),
}
const CRASHES = [
  { step: 'it has decided', what: 'agent' },
  { step: 'it has decided', what: 'all' },
  { step: 'mariadbd is launched', what: 'server' },
  { step: 'mariadbd is launched', what: 'all' },
  { step: 'mariadbd answers', what: 'agent' },
  { step: 'mariadbd answers', what: 'server' },
] as const

test.each(CRASHES)('$what of the first node dies in the middle of its start, when $step', async ({ step, what }) => {
  await write(1)
  // n1 leaves last, so it goes first.
  for (const at of [2, 1, 0]) await cluster.must(node(at), 'stop')
  rmSync(join(node(0).gear, 'run/mariadbd.sock'), { force: true })
  const before = decisions(0)
  const starting = cluster.nodes.map((one) => cluster.run(one, 'start', '--timeout', '60'))
  await expect.poll(() => STEPS[step]?.(before), { timeout: 30_000, interval: 2 }).toBe(true)
  cluster.kill([node(0)], what)
  await startAll()
  await Promise.all(starting)
  await expectWhole()
})

test.each(['power cut during a state transfer', 'power cut during DDL', 'power cut during FLUSH TABLES WITH READ LOCK'])('%s: whole again with every write', async (name) => {
  await write(2)
  await FAULTS[name]?.({ cluster, random: new Random(ids.length) })
  await startAll()
  await expectWhole()
})

test('two die and come back while the survivor still believes to be Primary: nobody waits for Galera to give up', async () => {
  const toldSince = ([first, second]: readonly number[]) => agentLog(0).slice(first) + agentLog(1).slice(second)
  // On a busy machine the survivor may have noticed before the others ask it: then that is no such case.
  for (let round = 0; round < 3; round++) {
    await write(0)
    const before = [agentLog(0).length, agentLog(1).length]
    cluster.kill([node(0), node(1)])
    await startAll()
    await expectWhole()
    if (toldSince(before).includes('nobody-primary')) return
  }
  expect.fail('in none of three rounds somebody gave up a join because nobody was Primary any more')
})

test('two nodes are gone for good: the survivor, which runs, goes on by an operator\'s word, without a restart', async () => {
  await write(1)
  await expectWhole()
  cluster.kill([node(1), node(2)])
  const pid = cluster.serverPid(node(0))
  await expect.poll(async () => (await cluster.run(node(0), 'status', '--json')).exitCode, { timeout: 60_000, interval: 300 }).not.toBe(0)
  const refused = await cluster.run(node(0), 'bootstrap', '--force', '--reason', 'their hosts burnt')
  expect(refused).toMatchObject({ exitCode: 3, stderr: expect.stringMatching(/--yes-lose n2.*--yes-lose n3|n2 and n3/s) })
  await cluster.must(node(0), 'bootstrap', '--force', '--reason', 'their hosts burnt', '--yes-lose', 'n2', '--yes-lose', 'n3')
  expect(cluster.serverPid(node(0)), agentLog(0).slice(-3_000)).toBe(pid)
  await write(0)
  for (const at of [1, 2]) {
    rmSync(join(node(at).gear, 'data'), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    await cluster.setup(node(at))
  }
  await startAll()
  await expectWhole()
})
