import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Broker, makeBroker, processesOf } from './broker.ts'
import type { PlatformGear } from './gear-place.ts'
import { expectOneCluster, sql } from './one-cluster.ts'

let broker: Broker
let history = ''
const rows: number[] = []

beforeAll(() => {
  broker = makeBroker('life')
})
afterAll(() => broker[Symbol.asyncDispose]())

const gear = (at: number) => broker.gears[at] as PlatformGear
const address = (host: number) => `127.0.41.${host}`

async function writeRow(one: PlatformGear): Promise<void> {
  rows.push(rows.length + 1)
  await sql(broker, one, (connection) => connection.query('INSERT INTO kept VALUES (?)', [rows.length]))
}

test('a first gear starts without peer data, and makes its cluster when the connection hooks name it', async () => {
  await broker.install([address(1)])
  const waiting = await broker.action(gear(0), 'bin/control', 'status')
  expect(waiting.exitCode).toBe(4)
  expect(waiting.stdout).toMatch(/^CLIENT_ERROR: .*No peer list yet/m)
  const given = await broker.connect()
  expect(given).toMatchObject({ OPENSHIFT_MARIADB_DB_HOST: address(1), OPENSHIFT_MARIADB_DB_PORT: '3306', OPENSHIFT_MARIADB_DB_USERNAME: 'app' })
  await expect.poll(() => sql(broker, gear(0), (connection) => connection.query('CREATE TABLE kept (id INT PRIMARY KEY)')).then(() => 'made', String), { timeout: 60_000, interval: 200 }).toBe('made')
  await writeRow(gear(0))
  history = await expectOneCluster(broker, rows)
})

test('scaled from 1 to 3, there is one cluster with the same history and rows', async () => {
  await broker.scaleUp([address(2), address(3)])
  expect(await expectOneCluster(broker, rows)).toBe(history)
  await writeRow(gear(1))
})

test('scaled from 3 to 5, there is one cluster with the same history and rows', async () => {
  await broker.scaleUp([address(4), address(5)])
  expect(await expectOneCluster(broker, rows)).toBe(history)
  await writeRow(gear(4))
})

test('scaled from 5 to 3, nothing of the removed gears runs on, and the rest is one cluster', async () => {
  await broker.scaleDown([gear(1), gear(3)])
  expect(await expectOneCluster(broker, rows)).toBe(history)
  await writeRow(gear(2))
})

test('a gear moved to other ports rejoins with a stale list, and all learn of its new ports', async () => {
  await broker.move(gear(1), 1000)
  expect(await expectOneCluster(broker, rows)).toBe(history)
  const given = await broker.action(gear(1), 'hooks/publish-db-connection-info', gear(1).name, 'tests', gear(1).uuid)
  expect(given.stdout).toContain('OPENSHIFT_MARIADB_DB_PORT=4306\n')
  await writeRow(gear(1))
})

test('after all gears idled and resumed at once, the history and every row are there', async () => {
  await broker.idle()
  expect(processesOf(broker.folder)).toEqual([])
  await broker.resume()
  expect(await expectOneCluster(broker, rows)).toBe(history)
  await writeRow(gear(0))
  expect(await expectOneCluster(broker, rows)).toBe(history)
})
