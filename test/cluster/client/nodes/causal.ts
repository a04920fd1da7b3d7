import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { row } from '../calls.ts'
import { nameOf, states } from './looks.ts'

/** What reads see of what was written before. */
export function causalReads(place: ClientPlace): void {
  const { pool } = place

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
      // No look meanwhile: it would find the node lagging.
      const nodes = [{ host: place.node(0).address, priority: 1 }, place.node(1).address]
      const two = pool({ nodes, causalTimeout: 1_000, probeInterval: 60_000 })
      const none = pool({ nodes, consistency: 'none', probeInterval: 60_000 })
      for (const one of [two, none]) await expect.poll(() => states(one)).toEqual(['synced', 'synced'])
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

    test('a session, and one that is pinned, waits too where the writer changes, also for longer than causalTimeout', async () => {
      const two = pool({ nodes: [{ host: place.node(0).address, name: 'n1', priority: 1 }, { host: place.node(1).address, name: 'n2' }] })
      const connection = await two.getConnection()
      const read = async () => row<{ n: number }>(await connection.query('SELECT n FROM t WHERE id = 1')).n
      /** While a node applies nothing for a moment. */
      const behind = async (at: number, write: () => Promise<unknown>, thenRead: () => Promise<number>) => {
        const lock = await pool({ nodes: [place.node(at).address] }).getConnection()
        await lock.query('FLUSH TABLES WITH READ LOCK')
        await write()
        const reading = thenRead()
        const first = await Promise.race([reading, delay(1_500, 'waits')])
        lock.destroy()
        return [first, await reading]
      }
      await read()
      const moved = await behind(1, async () => {
        await connection.query('UPDATE t SET n = 5 WHERE id = 1')
        two.drain('n1')
        await connection.beginTransaction()
      }, read)
      await connection.rollback()
      expect(moved).toEqual(['waits', 5])
      two.undrain('n1')
      await connection.query('SET @a = 1')
      const pinned = await behind(0, async () => {
        two.drain('n1')
        await two.query('UPDATE t SET n = 6 WHERE id = 1')
      }, read)
      expect(pinned).toEqual(['waits', 6])
      connection.configure({ failoverTimeout: 1_500 })
      const lock = await pool({ nodes: [place.node(0).address] }).getConnection()
      await lock.query('FLUSH TABLES WITH READ LOCK')
      await two.query('UPDATE t SET n = 7 WHERE id = 1')
      await expect(read()).rejects.toMatchObject({ code: 'GALERA_TIMEOUT', message: expect.stringContaining('n1 has not applied') })
      lock.destroy()
      connection.release()
    })

    test('a pinned session that is destroyed while it waits ends at once; one that holds a lock, which may be why nothing is applied, reads what there is', async () => {
      const two = pool({ nodes: [{ host: place.node(0).address, name: 'n1', priority: 1 }, { host: place.node(1).address, name: 'n2' }] })
      await expect.poll(() => states(two)).toEqual(['synced', 'synced'])
      const [pinned, locking] = [await two.getConnection(), await two.getConnection()]
      await pinned.query('SET @a = 1')
      await locking.query('FLUSH TABLES WITH READ LOCK')
      two.drain('n1')
      await two.query('UPDATE t SET n = 7 WHERE id = 1')
      expect(row(await locking.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: 0 })
      const waits = two.core.counters.causalWaits
      const reading = expect(pinned.query('SELECT n FROM t WHERE id = 1')).rejects.toThrow('destroyed')
      await expect.poll(() => two.core.counters.causalWaits).toBeGreaterThan(waits)
      const began = performance.now()
      pinned.destroy()
      await reading
      expect(performance.now() - began).toBeLessThan(2_000)
      locking.destroy()
    })

    test('without any time to wait, a read goes to the writer; the writer works on, also when it is a new one', async () => {
      const one = pool({ causalTimeout: 0, failoverTimeout: 3_000 })
      await nameOf(one)
      for (let turn = 1; turn <= 20; turn++) {
        if (turn === 10) one.drain('n1')
        await one.query('UPDATE t SET n = ? WHERE id = 1', [turn])
        expect(row(await one.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: turn })
      }
      expect(one.counters.failovers).toBe(0)
    })

    test('with consistency cluster, a wait that the server gives up is no failure: reads and transactions wait anew', async () => {
      const none = pool({ consistency: 'none' })
      await nameOf(none)
      const options = "SET GLOBAL wsrep_provider_options = 'repl.causal_read_timeout=PT"
      place.on(1, `${options}0.3S'`)
      const lock = await pool({ nodes: [place.node(1).address] }).getConnection()
      try {
        const one = pool({ nodes: [place.node(1).address], consistency: 'cluster' })
        const [pinned, open] = await Promise.all([one.getConnection(), one.getConnection()])
        await pinned.query('SET @a = 1')
        await lock.query('FLUSH TABLES WITH READ LOCK')
        await none.query('UPDATE t SET n = 7 WHERE id = 1')
        const SQL = 'SELECT n FROM t WHERE id = 1'
        const reading = Promise.all([one.query(SQL), pinned.query(SQL), open.beginTransaction().then(() => open.query(SQL))])
        expect(await Promise.race([reading, delay(1_500, 'waits')])).toBe('waits')
        await lock.query('UNLOCK TABLES')
        expect((await reading).map((answer) => row(answer))).toEqual(Array.from({ length: 3 }, () => ({ n: 7 })))
        for (const connection of [pinned, open]) connection.release()
      } finally {
        lock.destroy()
        place.on(1, `${options}30S'`)
      }
    })

    test('with consistency cluster, what another process has written', async () => {
      const [a, b] = [pool(), pool({ consistency: 'cluster' })]
      for (let turn = 1; turn <= 50; turn++) {
        await a.query('UPDATE t SET n = ? WHERE id = 1', [turn])
        expect(row(await b.query('SELECT n FROM t WHERE id = 1'))).toEqual({ n: turn })
      }
    })
  })
}
