import { afterEach, expect, test } from 'vitest'
import { type Broker, makeBroker } from './broker.ts'
import type { PlatformGear } from './gear-place.ts'
import { expectOneCluster, sql } from './one-cluster.ts'

let broker: Broker
afterEach(() => broker[Symbol.asyncDispose]())

test('three gears made at the same moment form one cluster, never several', async () => {
  broker = makeBroker('at-once')
  await broker.install([11, 12, 13].map((host) => `127.0.41.${host}`))
  for (const gear of broker.gears) await expect(sql(broker, gear, async () => 'it serves')).rejects.toThrow('ECONNREFUSED')
  await broker.connect()
  const [first, , last] = broker.gears as [PlatformGear, PlatformGear, PlatformGear]
  const made = async () => sql(broker, first, (connection) => connection.query('CREATE TABLE kept (id INT PRIMARY KEY)')).then(() => 'made', String)
  await expect.poll(made, { timeout: 100_000, interval: 200 }).toBe('made')
  await expectOneCluster(broker, [])
  await sql(broker, last, (connection) => connection.query('INSERT INTO kept VALUES (7)'))
  await expectOneCluster(broker, [7])
})
