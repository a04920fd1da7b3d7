import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { Causality } from '../../../src/client/causality.ts'
import { newCounters } from '../../../src/client/counters.ts'
import { NoPrimaryError } from '../../../src/client/errors.ts'
import type { Cluster } from '../../../src/client/nodes/cluster.ts'
import type { Link } from '../../../src/client/nodes/link.ts'
import type { Node } from '../../../src/client/nodes/node.ts'
import type { Settings } from '../../../src/client/options.ts'

/** A node whose answers take 20 ms, and what it was asked. */
function slowNode(name: string, causal = 20) {
  const asked: string[] = []
  const link = {
    dead: null as Error | null,
    kill: (reason: Error) => (link.dead = reason),
    rows: async (sql: string) => {
      asked.push(sql)
      await delay(sql.endsWith('FOR SELECT 1') ? causal : 20)
      return [{ gtid: '0-1-7' }]
    },
  }
  const node = { name, applied: -1n, health: { state: 'synced' }, acquire: async () => link, release: () => undefined } as unknown as Node
  return { asked, node, link: link as unknown as Link }
}

const settings = { consistency: 'session', causalTimeout: 0 } as Settings

const soon = () => performance.now() + 10_000

test('without any time to wait a reader is not even asked, and a new writer has what time it takes', async () => {
  const [written, writer, reader] = [slowNode('n1'), slowNode('n2'), slowNode('n3')]
  const counters = newCounters()
  const causality = new Causality({ writer: writer.node, nodes: [written.node, writer.node, reader.node] } as unknown as Cluster, counters)
  causality.wrote(written.node)
  expect([await causality.reaches(reader.node, reader.link, settings, soon()), reader.asked, counters.causalTimeouts]).toEqual([false, [], 1])
  expect([await causality.reaches(writer.node, writer.link, settings, soon()), writer.link.dead, writer.node.applied]).toEqual([true, null, 7n])
})

test('who has told by a causal read of its own what a lost node had written has it, without a second one', async () => {
  const [written, writer] = [slowNode('n1'), slowNode('n2')]
  ;(written.node as { health: unknown }).health = { state: 'out' }
  const cluster = { writer: writer.node, nodes: [written.node, writer.node], take: async () => writer, heard: () => undefined } as unknown as Cluster
  const causality = new Causality(cluster, newCounters())
  causality.wrote(written.node)
  expect(await causality.reaches(writer.node, writer.link, settings, soon())).toBe(true)
  expect([writer.asked.length, causality.isReached(writer.node, settings)]).toEqual([1, true])
  causality.wrote(written.node)
  expect(causality.isReached(writer.node, settings)).toBe(false)
})

test('where there is no other to go to, a connection is not given up for a causal read that takes long', async () => {
  const [written, writer, pinned, other] = [slowNode('n1'), slowNode('n2'), slowNode('n3', 1_200), slowNode('n4', 1_200)]
  const causality = new Causality({ writer: writer.node, nodes: [] } as unknown as Cluster, newCounters())
  causality.wrote(written.node)
  const some = { ...settings, causalTimeout: 1 }
  const [only, either] = [causality.reaches(pinned.node, pinned.link, some, soon(), true), causality.reaches(other.node, other.link, some, soon())]
  expect([await only, pinned.link.dead, await either, other.link.dead?.message]).toEqual([true, null, false, 'no answer came within 1000 ms'])
})

test('a server that has no such function is not asked again and again', async () => {
  const [written, writer] = [slowNode('n1'), slowNode('n2')]
  ;(written.node as { health: unknown }).health = { state: 'out' }
  const missing = Object.assign(new Error('FUNCTION does not exist'), { errno: 1305, sqlState: '42000' })
  const link = { rows: () => Promise.reject(missing) }
  const causality = new Causality({ writer: writer.node, nodes: [], take: async () => ({ node: writer.node, link }), heard: () => undefined } as unknown as Cluster, newCounters())
  causality.wrote(written.node)
  await expect(causality.reaches(writer.node, writer.link, settings, soon())).rejects.toBe(missing)
})

test('who asks for how far a node is has the time of the caller, however long the question takes', async () => {
  const [written, writer, reader] = [slowNode('n1'), slowNode('n2'), slowNode('n3')]
  ;(written.node as { health: unknown }).health = { state: 'out' }
  const none = new NoPrimaryError(100, [])
  const cluster = { writer: null as Node | null, nodes: [], take: () => new Promise(() => undefined), noPrimary: () => none }
  const causality = new Causality(cluster as unknown as Cluster, newCounters())
  causality.wrote(written.node)
  await expect(causality.reaches(reader.node, reader.link, settings, performance.now() + 100)).rejects.toBe(none)
  cluster.writer = writer.node
  await expect(causality.reaches(reader.node, reader.link, settings, performance.now() + 100)).rejects.toMatchObject({ code: 'GALERA_TIMEOUT', what: expect.stringContaining('n2') })
})

test('who has more time than the one that asked first goes on asking', async () => {
  const [written, writer] = [slowNode('n1'), slowNode('n2')]
  ;(written.node as { health: unknown }).health = { state: 'out' }
  const take = vi.fn().mockRejectedValueOnce(new NoPrimaryError(100, [])).mockResolvedValue(writer)
  const causality = new Causality({ writer: writer.node, nodes: [], take, heard: () => undefined } as unknown as Cluster, newCounters())
  causality.wrote(written.node)
  expect(await causality.reaches(writer.node, writer.link, settings, soon())).toBe(true)
})
