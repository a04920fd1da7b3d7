import { expect, test, vi } from 'vitest'
import type { Engine } from '../../../src/client/engine.ts'
import { newCounters } from '../../../src/client/counters.ts'
import type { Taken } from '../../../src/client/nodes/cluster.ts'
import type { Settings } from '../../../src/client/options.ts'
import { runAlone } from '../../../src/client/session/autocommit.ts'
import { classify } from '../../../src/client/sql/classify.ts'

const CONFLICT = Object.assign(new Error('Deadlock found'), { errno: 1213, sqlState: '40001' })

test.each([
  ['INSERT INTO t VALUES (1)', 2, null],
  ['INSERT INTO t VALUES (LAST_INSERT_ID())', 1, CONFLICT],
])('%s, rolled back by another, is sent %i times: asked again, a connection may tell the id that it gave in vain', async (sql, times, error) => {
  const run = vi.fn().mockRejectedValueOnce(CONFLICT).mockResolvedValue({ rows: {} })
  const engine = { counters: newCounters(), causality: { wrote: () => undefined }, cluster: { heard: () => undefined }, tell: () => undefined } as unknown as Engine
  const taken = { node: { name: 'n1' }, link: { run, dead: null } } as unknown as Taken
  const outcome = runAlone(engine, { failoverTimeout: 1_000 } as Settings, { take: async () => taken, give: () => undefined }, { protocol: 'query', options: { sql } }, classify(sql))
  expect(await outcome.then(() => null, (reason: unknown) => reason)).toBe(error)
  expect(run).toHaveBeenCalledTimes(times)
})
