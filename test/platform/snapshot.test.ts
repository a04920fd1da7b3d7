import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { scratchFolder } from '../support/cluster.ts'
import { makeBroker } from './broker.ts'
import type { PlatformGear } from './gear-place.ts'
import { expectOneCluster, sql } from './one-cluster.ts'

const archives = scratchFolder()
afterAll(() => rmSync(archives, { recursive: true, force: true }))

const row = (id: number) => `INSERT INTO kept VALUES (${id})`

test('a snapshot of an application is restored on the same one, where a gear has moved since, and on a new one, and each becomes one cluster with a history of its own', async () => {
  let archive: string
  let first: string
  {
    await using broker = makeBroker('one', archives)
    await broker.install(['127.0.41.31', '127.0.41.32', '127.0.41.33'])
    await broker.connect()
    const gear = broker.gears[0] as PlatformGear
    await expect.poll(() => sql(broker, gear, (connection) => connection.query('CREATE TABLE kept (id INT PRIMARY KEY)')).then(() => 'made', String), { timeout: 60_000, interval: 200 }).toBe('made')
    await sql(broker, gear, (connection) => connection.query(row(1)))
    archive = await broker.snapshot()
    first = await expectOneCluster(broker, [1])
    await sql(broker, gear, (connection) => connection.query(row(2)))
    await broker.move(gear, 1000)
    await expectOneCluster(broker, [1, 2])
    await broker.restore(archive)
    expect(await expectOneCluster(broker, [1])).not.toBe(first)
  }
  await using broker = makeBroker('two', archives)
  await broker.install(['127.0.41.34', '127.0.41.35'])
  await broker.connect()
  await expect.poll(() => Promise.all(broker.gears.map((one) => broker.action(one, 'bin/control', 'status'))).then((all) => all.map(({ exitCode }) => exitCode)), { timeout: 60_000, interval: 200 }).toEqual([0, 0])
  await broker.restore(archive)
  expect(await expectOneCluster(broker, [1])).not.toBe(first)
})

test('an archive without a database leaves the database as it is', async () => {
  await using broker = makeBroker('three', archives)
  await broker.install(['127.0.41.36'])
  await broker.connect()
  const restored = await broker.action(broker.gears[0] as PlatformGear, 'bin/control', 'post-restore')
  expect(restored).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no database in the archive') })
})
