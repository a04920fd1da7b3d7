import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'
import { row } from '../calls.ts'
import { allSynced, nameOf, states } from './looks.ts'

/** Which node gets what. */
export function choosing(place: ClientPlace): void {
  const { pool, on } = place

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

    test('without splitReads all goes to the writer: streams and transactions that only read too', async () => {
      const one = pool({ splitReads: false })
      await allSynced(one)
      const connection = await one.getConnection()
      const core = (connection as unknown as { connection: { query: (sql: string) => { stream: () => AsyncIterable<unknown> } } }).connection
      const NAME = 'SELECT @@wsrep_node_name AS name FROM t WHERE id = 1'
      for await (const streamed of core.query(NAME).stream()) expect(streamed).toEqual({ name: 'n1' })
      await connection.query('START TRANSACTION READ ONLY')
      expect(row(await connection.query(NAME))).toEqual({ name: 'n1' })
      await connection.rollback()
      connection.release()
      expect(await nameOf(one)).toBe('n1')
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
}
