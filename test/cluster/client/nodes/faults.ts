import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { describe, expect, test } from 'vitest'
import { BANK, runBank, VERDICT, verdictOf } from '../../../support/bank.ts'
import type { ClientPlace } from '../place.ts'
import { allSynced, nameOf, states, total } from './looks.ts'

/** Nodes that are killed, hang, are stopped and come back. */
export function faults(place: ClientPlace): void {
  const { pool, on } = place
  const back = (at: number) => place.cluster.must(place.node(at), 'start')
  const view = (at: number) => on(at, "SHOW STATUS LIKE 'wsrep_cluster_conf_id'")
  /** The node goes on without those that are stopped. */
  const left = (at: number) => {
    const before = view(at)
    return expect.poll(() => view(at), { timeout: 20_000 }).not.toBe(before)
  }
  const nodesStopped = async (ats: readonly number[], work: () => Promise<unknown>): Promise<void> => {
    const pids = ats.map((at) => place.cluster.serverPid(place.node(at)))
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    try {
      await work()
    } finally {
      for (const pid of pids) process.kill(pid, 'SIGCONT')
    }
  }

  test('a reader is killed during a SELECT: another node answers it; the reader gets work again when it is Synced, not before', async () => {
    const one = pool({ nodes: [{ host: place.node(0).address, name: 'n1', priority: 1 }, { host: place.node(2).address, name: 'n3' }] })
    await expect.poll(() => states(one)).toEqual(['synced', 'synced'])
    const answer = nameOf(one, 'SELECT SLEEP(3), @@wsrep_node_name AS name')
    await expect.poll(() => on(2, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'")).toBe('1')
    const told: string[] = []
    one.core.on('node', ({ name, state }: { name: string; state: string }) => {
      if (name === 'n3') told.push(state === 'synced' ? (on(2, "SHOW STATUS LIKE 'wsrep_local_state_comment'").split('\t')[1] ?? '') : state)
    })
    place.cluster.kill([place.node(2)], 'server')
    expect(await answer).toBe('n1')
    await back(2)
    await expect.poll(() => told.at(-1), { timeout: 60_000 }).toBe('Synced')
    one.core.removeAllListeners('node')
    expect(new Set(told.slice(0, -1))).toEqual(new Set(['out']))
    expect(await nameOf(one)).toBe('n3')
  })

  // Whoever hung says the same after it, with Galera's own timeouts.
  test('a node that is cut off says Synced for a while: it gets no work before it is proven that it reaches the others', async () => {
    const isolate = (how: 0 | 1) => on(2, `SET GLOBAL wsrep_provider_options = 'gmcast.isolate=${how}'`)
    const direct = await createConnection({ host: place.node(2).address, ...place.account() })
    const causalRead = () => Promise.race([direct.query('SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1').then(() => 'is answered'), delay(700, 'waits')])
    isolate(1)
    // What Galera has heard within half a second (evs.causal_keepalive_period) it takes to be so: one that waits longer is not merely slow.
    await expect.poll(causalRead).toBe('waits')
    direct.destroy()
    const one = pool()
    const told: string[] = []
    one.core.on('node', ({ name, state }: { name: string; state: string }) => {
      if (name === 'n3' && state === 'synced') told.push(`${view(2)}, the others ${view(0)}`)
    })
    await expect.poll(() => states(one), { timeout: 20_000 }).toEqual(['synced', 'synced', 'out'])
    isolate(0)
    await allSynced(one)
    one.core.removeAllListeners('node')
    expect(told).toEqual([`${view(0)}, the others ${view(0)}`])
  })

  describe('a bank under load, with exactlyOnce: no call fails, nothing is lost, doubled or stale, and the total is right; what a transaction began before is committed once', () => {
    test.each([
      ['the writer is killed', async () => { place.cluster.kill([place.node(0)], 'server'); await back(0) }],
      ['the writer hangs', () => nodesStopped([0], () => left(1))],
      ['one after the other is stopped in order and started again', async () => { for (const at of [0, 1, 2]) { await place.cluster.must(place.node(at), 'stop'); await back(at) } }],
    ] as const)('%s', async (_what, befall) => {
      const one = pool({ exactlyOnce: true, replays: 1_000, probeInterval: 100, probeTimeout: 500 })
      await one.createTokenTable()
      for (const sql of BANK) await one.query(sql)
      await allSynced(one)
      const open = await one.getConnection()
      await open.beginTransaction()
      await open.query('UPDATE t SET n = n + 1 WHERE id = 1')
      const over = new AbortController()
      const running = runBank(one, 6, over.signal)
      await befall()
      await open.commit()
      open.release()
      await allSynced(one)
      over.abort()
      const bank = await running
      expect(bank).toMatchObject({ errors: [], stale: 0 })
      expect(bank.transfers).toBeGreaterThan(10)
      expect([0, 1, 2].map((at) => on(at, `SET wsrep_sync_wait=1; USE ${place.account().database}; ${VERDICT}`))).toEqual([0, 1, 2].map(() => verdictOf(bank)))
      expect(total(place)).toEqual([1, 1, 1])
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
    expect(total(place)).toEqual([3, 3, 3])
  })

  test('what a listener throws for a new connection is the application\'s own, and no fault of the node', async () => {
    const others = process.listeners('uncaughtException')
    const thrown: Error[] = []
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error))
    try {
      const one = pool()
      await allSynced(one)
      one.core.on('connection', () => {
        throw new Error('of the listener')
      })
      await one.query('SELECT n FROM t')
      expect([states(one), thrown.map(({ message }) => message)]).toEqual([['synced', 'synced', 'synced'], ['of the listener']])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const other of others) process.on('uncaughtException', other)
    }
  })
}
