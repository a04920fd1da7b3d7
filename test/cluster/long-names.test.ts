import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { groupName } from '../../src/galera/member-name.ts'
import { galeractl, makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

/** Three real nodes on 127.0.180.x that are named as the pods of a set are: Galera keeps 31 characters, which they have in common. */
let cluster: TestCluster
const nameOf = (at: number) => `mariadb-galera-production-cluster-${at}`

beforeAll(async () => {
  cluster = await makeCluster(180, 3, { name: nameOf })
  await startAll()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const startAll = () => Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start', '--timeout', '60')))
const viewNames = async () => (await cluster.must(node(0), 'events', '--json')).stdout.trim().split('\n').flatMap((line) => (JSON.parse(line) as { members: { name: string }[] | null }).members ?? []).map(({ name }) => name)
const ledger = (at: number) => join(node(at).gear, 'state/ledger.json')
const membersIn = (at: number) => (JSON.parse(readFileSync(ledger(at), 'utf8')) as { view: { members: { name: string }[] } }).view.members.map(({ name }) => name).toSorted()

test('a power cut that empties one gvwstate.dat: all come up again, and nobody is waited for under a name that nobody has', async () => {
  cluster.kill(cluster.nodes)
  writeFileSync(join(node(1).gear, 'data/gvwstate.dat'), '')
  await startAll()
  expect(JSON.parse((await cluster.must(node(2), 'status', '--json')).stdout)).toMatchObject({ clusterSize: 3, alarms: [] })
})

test('Galera calls each by a name of its own, people by the one that they know', async () => {
  expect(membersIn(0)).toEqual([0, 1, 2].map((at) => groupName(nameOf(at))).toSorted())
  const names = new Set(await viewNames())
  expect(names).toEqual(new Set([0, 1, 2].map(nameOf)))
})

test('ledgers of before, with names that Galera cut: all come up again', async () => {
  cluster.kill(cluster.nodes)
  for (const at of [0, 1, 2]) writeFileSync(ledger(at), readFileSync(ledger(at), 'utf8').replaceAll(/"name": "mariadb-gale\.[^"]*"/g, `"name": "${nameOf(0).slice(0, 31)}"`))
  expect(membersIn(1)).toEqual(Array.from({ length: 3 }, () => 'mariadb-galera-production-clust'))
  writeFileSync(join(node(1).gear, 'data/gvwstate.dat'), '')
  await startAll()
  expect(JSON.parse((await cluster.must(node(2), 'status', '--json')).stdout)).toMatchObject({ clusterSize: 3, alarms: [] })
})

test('a new gear that a person names so is refused, with a name that fits', async () => {
  const { exitCode, stderr } = await galeractl(['--gear', join(cluster.folder, 'new'), 'setup', '--name', nameOf(3), '--address', '127.0.180.4'])
  expect(exitCode).toBe(2)
  expect(stderr).toContain('Choose a shorter name, such as --name mgp-cluster-3')
})
