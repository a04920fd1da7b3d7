import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { GaleraPromisePool } from '../../../src/client/index.ts'
import { BANK, runBank, VERDICT, verdictOf } from '../../support/bank.ts'
import { clientPlace } from './place.ts'

/** Nodes of a real cluster, 127.0.62.x, that lag, leave, hang and come back, and what the client's users see of it: nothing. */
const place = clientPlace(62)
const { pool, on } = place
const database = () => place.account().database

beforeAll(() => {
  on(0, `CREATE TABLE ${database()}.t (id INT PRIMARY KEY, n INT)`)
})
beforeEach(() => {
  on(0, `REPLACE INTO ${database()}.t VALUES (1, 0)`)
})

const row = <Row>([rows]: readonly [unknown, unknown]): Row => (rows as Row[])[0] as Row
const nameOf = async (one: GaleraPromisePool, sql = 'SELECT @@wsrep_node_name AS name FROM t') => row<{ name: string }>(await one.query(sql)).name
const states = (one: GaleraPromisePool) => one.nodes().map(({ state }) => state)
const allSynced = (one: GaleraPromisePool) => expect.poll(() => states(one), { timeout: 60_000 }).toEqual(['synced', 'synced', 'synced'])

describe('who gets what', () => {
  test('reads go to the others, writes and locking reads to the one writer, which is the same for all pools whatever their order', async () => {
    const one = pool()
    await allSynced(one)
    const names = new Set<string>()
    for (let turn = 0; turn < 12; turn++) names.add(await nameOf(one))
    expect(names.has('n1')).toBe(false)
    expect(await nameOf(one, 'SELECT @@wsrep_node_name AS name FROM t FOR UPDATE')).toBe('n1')
    const orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0]].map((order) => pool({ nodes: order.map((at) => place.node(at).address) }))
    expect(await Promise.all(orders.map((other) => nameOf(other, 'SELECT @@wsrep_node_name AS name FROM t FOR UPDATE')))).toEqual(['n1', 'n1', 'n1'])
  })

  test('of one node all are found, and a local one is preferred', async () => {
    const one = pool({ nodes: [place.node(2).address], discover: true })
    await allSynced(one)
    const near = pool({ nodes: place.cluster.nodes.map(({ address, name }) => ({ host: address, local: name === 'n3' })) })
    await allSynced(near)
    expect([await nameOf(near), await nameOf(near)]).toEqual(['n3', 'n3'])
  })

  test('an agent on this host tells all nodes, also where the first that is asked does not answer', async () => {
    const one = pool({ nodes: [], agents: ['127.0.62.99', place.node(1).address] })
    expect(await nameOf(one, 'SELECT @@wsrep_node_name AS name FROM t FOR UPDATE')).toBe('n1')
    await allSynced(one)
    const nobody = pool({ nodes: [], agents: ['127.0.62.99:1'], failoverTimeout: 300 })
    await expect(nobody.query('SELECT 1')).rejects.toMatchObject({ code: 'GALERA_NO_PRIMARY', message: expect.stringContaining('127.0.62.99:1') })
  })

  test('a drained node finishes what it has, and gets nothing new', async () => {
    const one = pool()
    const connection = await one.getConnection()
    await connection.beginTransaction()
    await connection.query('UPDATE t SET n = 5 WHERE id = 1')
    expect(one.drain('n1')).toBe(true)
    expect(await nameOf(one, 'SELECT @@wsrep_node_name AS name FROM t FOR UPDATE SKIP LOCKED').catch(() => 'n2')).toBe('n2')
    expect(row(await connection.query('SELECT @@wsrep_node_name AS name'))).toEqual({ name: 'n1' })
    await connection.commit()
    await connection.query('UPDATE t SET n = 6 WHERE id = 1')
    expect(row(await connection.query('SELECT @@wsrep_node_name AS name FROM t FOR UPDATE'))).toEqual({ name: 'n2' })
    connection.release()
    one.undrain('n1')
    expect(await nameOf(one, 'SELECT @@wsrep_node_name AS name FROM t FOR UPDATE')).toBe('n1')
    expect(one.drain('unknown')).toBe(false)
  })

  test('a node that is desynced or rejects queries gets nothing', async () => {
    const one = pool()
    await allSynced(one)
    on(1, 'SET GLOBAL wsrep_desync = ON')
    on(2, 'SET GLOBAL wsrep_reject_queries = ALL')
    await expect.poll(() => states(one)).toEqual(['synced', 'lagging', 'out'])
    expect(await nameOf(one)).toBe('n1')
    on(1, 'SET GLOBAL wsrep_desync = OFF')
    on(2, 'SET GLOBAL wsrep_reject_queries = NONE')
    await allSynced(one)
  })
})

test('the built package runs on the system\'s own Node', () => {
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules')).join(':')
  const told = execFileSync('node', [join(import.meta.dirname, 'plain.mjs'), JSON.stringify({ ...place.account(), nodes: place.cluster.nodes.map(({ address }) => address) })], { env: { PATH: path }, encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual({ node: expect.any(Number), one: 1, two: 2 })
  expect((JSON.parse(told) as { node: number }).node).toBeGreaterThanOrEqual(20)
})

describe('reads see what the pool has written', () => {
  test('500 pairs, each read on another node', async () => {
    const one = pool()
    let stale = 0
    for (let turn = 1; turn <= 500; turn++) {
      await one.query('UPDATE t SET n = ? WHERE id = 1', [turn])
      if (row<{ n: number }>(await one.query('SELECT n FROM t WHERE id = 1')).n !== turn) stale++
    }
    expect(stale).toBe(0)
  })

  test('where a node applies nothing, a read waits for a bounded time and goes to the writer; without the guarantee it is stale', async () => {
    const two = pool({ nodes: [{ host: place.node(0).address, priority: 1 }, place.node(1).address], causalTimeout: 1_000 })
    const none = pool({ nodes: [{ host: place.node(0).address, priority: 1 }, place.node(1).address], consistency: 'none' })
    await Promise.all([nameOf(two), nameOf(none)])
    const lock = await pool({ nodes: [place.node(1).address] }).getConnection()
    await lock.query('FLUSH TABLES WITH READ LOCK')
    await two.query('UPDATE t SET n = 77 WHERE id = 1')
    expect(row(await none.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
    const began = performance.now()
    expect(row(await two.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 77 })
    expect(performance.now() - began).toBeGreaterThan(900)
    expect(two.counters.causalTimeouts).toBe(1)
    lock.destroy()
  })

  test('with consistency cluster, what another process has written', async () => {
    const [a, b] = [pool(), pool({ consistency: 'cluster' })]
    for (let turn = 1; turn <= 50; turn++) {
      await a.query('UPDATE t SET n = ? WHERE id = 1', [turn])
      expect(row(await b.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: turn })
    }
  })
})

const total = () => [0, 1, 2].map((at) => Number(on(at, `SET wsrep_sync_wait=1; SELECT n FROM ${database()}.t WHERE id = 1`)))
const back = (at: number) => place.cluster.must(place.node(at), 'start')
const nodesStopped = async (ats: readonly number[], work: () => Promise<void>): Promise<void> => {
  const pids = ats.map((at) => place.cluster.serverPid(place.node(at)))
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  try {
    await work()
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT')
  }
}

describe('a bank under load, with exactlyOnce: no call fails, nothing is lost, doubled or stale, and the total is right', () => {
  test.each([
    ['the writer is killed', async () => { place.cluster.kill([place.node(0)], 'server'); await back(0) }],
    ['one after the other is stopped in order and started again', async () => { for (const at of [0, 1, 2]) { await place.cluster.must(place.node(at), 'stop'); await back(at) } }],
  ] as const)('%s', async (_what, befall) => {
    const one = pool({ exactlyOnce: true, replays: 1_000, probeInterval: 100, probeTimeout: 500 })
    await one.createTokenTable()
    for (const sql of BANK) await one.query(sql)
    await allSynced(one)
    const over = new AbortController()
    const running = runBank(one, 6, over.signal)
    await befall()
    await allSynced(one)
    over.abort()
    const bank = await running
    expect(bank).toMatchObject({ errors: [], stale: 0 })
    expect(bank.transfers).toBeGreaterThan(10)
    expect([0, 1, 2].map((at) => on(at, `SET wsrep_sync_wait=1; USE ${database()}; ${VERDICT}`))).toEqual([0, 1, 2].map(() => verdictOf(bank)))
  })
})

test('two of three nodes hang: the third refuses although SELECT 1 passes, and the call says which nodes do what; after that all goes on', async () => {
  const one = pool({ failoverTimeout: 4_000, probeTimeout: 500 })
  await allSynced(one)
  await nodesStopped([1, 2], async () => {
    await expect.poll(() => states(one), { timeout: 20_000 }).toEqual(['out', 'out', 'out'])
    await expect(one.query('UPDATE t SET n = 1')).rejects.toMatchObject({ code: 'GALERA_NO_PRIMARY', message: expect.stringContaining('not in a primary component') })
  })
  await allSynced(one)
  await one.query('UPDATE t SET n = 3 WHERE id = 1')
  expect(total()).toEqual([3, 3, 3])
})
