import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { row } from '../calls.ts'
import { nameOf } from './looks.ts'

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
}
