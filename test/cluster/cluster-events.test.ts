import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TestCluster, TestNode } from '../support/cluster.ts'
import { asRoot, emptied, makePair } from '../support/transfer.ts'

/** Events of clusters of two real nodes on 127.0.220.x. */
const pair = (method: string) => makePair(220, method, { server: 'event_scheduler = ON' })

const EVENTS = 'SET NAMES latin1; CREATE EVENT app.runs ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO DO 1; CREATE EVENT app.parked ON SCHEDULE EVERY 1 DAY DISABLE DO DO 1'
const of = (node: TestNode) => asRoot(node, "SELECT CONCAT_WS(' ', EVENT_NAME, STATUS, DEFINER, CHARACTER_SET_CLIENT, ON_COMPLETION) FROM information_schema.EVENTS ORDER BY EVENT_NAME DESC").trim().split('\n')
const RUNS = 'runs ENABLED root@localhost latin1 PRESERVE'
const OFF = 'runs SLAVESIDE_DISABLED root@localhost latin1 PRESERVE'
const PARKED = 'parked DISABLED root@localhost latin1 NOT PRESERVE'

const checked = async (cluster: TestCluster, node: TestNode) => (JSON.parse((await cluster.run(node, 'check', '--json')).stdout) as { findings: { level: string; what: string; mend: string }[] }).findings.filter(({ what }) => what.includes('event'))

test('a restore of a snapshot of another node than the one that runs the events: each that ran runs on exactly one node', async () => {
  await using two = await pair('mariabackup')
  const { cluster, donor: n1, joiner: n2 } = two
  // Either may be the donor of the other.
  for (const node of cluster.nodes) writeFileSync(join(node.gear, 'conf/conf.d/more.cnf'), '[mariadbd]\nevent_scheduler = ON\n')
  asRoot(n1, EVENTS)
  await cluster.must(n2, 'snapshot', 'create', '--name', 'physical')
  await cluster.must(n2, 'snapshot', 'create', '--name', 'logical', '--logical')
  const expectOnce = async () => {
    expect(of(n2)).toEqual([RUNS, PARKED])
    await expect.poll(() => of(n1)[0], { timeout: 20_000 }).toBe(OFF)
    expect(await checked(cluster, n1)).toEqual([])
  }
  await cluster.must(n2, 'restore', 'physical', '--cluster', '--yes', 'test')
  await expectOnce()

  await cluster.must(n1, 'stop', '--keep-agent')
  await cluster.must(n2, 'stop', '--keep-agent')
  await cluster.must(n2, 'restore', 'logical', '--yes', 'test')
  await cluster.must(n1, 'start')
  await expectOnce()

  // Started again, it runs where it ran.
  await cluster.must(n2, 'restart')
  await expectOnce()

  // By hand on the other node it moves there; off everywhere, check names it with the statement that helps.
  // A session gives an event its own character set.
  asRoot(n1, 'SET NAMES latin1; ALTER EVENT app.runs DISABLE ON SLAVE')
  await expect.poll(() => of(n2)[0]).toBe(OFF)
  const [found] = await checked(cluster, n2)
  expect(found).toMatchObject({ level: 'error', what: expect.stringContaining('event app.runs runs on no node') })
  asRoot(n1, /SET NAMES.*? ENABLE;/.exec(found?.mend ?? '')?.[0] ?? '')
  expect(of(n1)[0]).toBe(RUNS)
  await expect.poll(() => of(n2)[0]).toBe(OFF)
  expect(await checked(cluster, n2)).toEqual([])
  asRoot(n2, 'SET NAMES latin1; SET SESSION wsrep_on = OFF; ALTER EVENT app.runs ENABLE')
  expect(await checked(cluster, n2)).toMatchObject([{ level: 'warning', what: expect.stringContaining('event app.runs is enabled on ') }])
  asRoot(n2, 'SET NAMES latin1; SET SESSION wsrep_on = OFF; ALTER EVENT app.runs DISABLE ON SLAVE')

  // The node that runs it is gone.
  await cluster.must(n1, 'stop')
  expect(await checked(cluster, n2)).toMatchObject([{ level: 'warning', what: 'event app.runs does not run on n2; it may run on n1, which cannot be asked' }])
})

test.each(['mysqldump', 'rsync', 'mariabackup'])('a node that takes its state by %s from the one that runs the events does not run them too', async (method) => {
  await using two = await pair(method)
  const { cluster, donor, joiner } = two
  asRoot(donor, EVENTS)
  await emptied(cluster, joiner)
  await cluster.must(joiner, 'start')
  await expect.poll(() => of(joiner), { timeout: 20_000 }).toEqual([OFF, PARKED])
  expect(of(donor)).toEqual([RUNS, PARKED])
  // By an incremental transfer it keeps what is its own.
  asRoot(joiner, 'CREATE EVENT app.aaa ON SCHEDULE EVERY 1 DAY DO DO 1')
  await cluster.must(joiner, 'stop')
  asRoot(donor, 'CREATE TABLE app.t (id INT PRIMARY KEY)')
  await cluster.must(joiner, 'start')
  expect(of(joiner)[2]).toContain('aaa ENABLED')
  expect(await checked(cluster, donor)).toEqual([])
})
