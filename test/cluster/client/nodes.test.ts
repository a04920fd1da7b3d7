import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { causalReads } from './nodes/causal.ts'
import { choosing } from './nodes/choosing.ts'
import { faults } from './nodes/faults.ts'
import { clientPlace } from './place.ts'

/** Nodes of a real cluster, 127.0.62.x, that lag, leave, hang and come back, and what the client's users see of it: nothing. */
const place = clientPlace(62)
const table = () => `${place.account().database}.t`

beforeAll(() => {
  place.on(0, `CREATE TABLE ${table()} (id INT PRIMARY KEY, n INT)`)
})
beforeEach(() => {
  place.on(0, `REPLACE INTO ${table()} VALUES (1, 0)`)
})

choosing(place)
causalReads(place)
faults(place)

test('the built package runs on the system\'s own Node', () => {
  const path = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules')).join(':')
  const told = execFileSync('node', [join(import.meta.dirname, 'plain.mjs'), JSON.stringify({ ...place.account(), nodes: place.cluster.nodes.map(({ address }) => address) })], { env: { PATH: path }, encoding: 'utf8' })
  expect(JSON.parse(told)).toEqual({ node: expect.any(Number), one: 1, two: 2 })
  expect((JSON.parse(told) as { node: number }).node).toBeGreaterThanOrEqual(20)
})
