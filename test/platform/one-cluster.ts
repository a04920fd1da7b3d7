import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect } from 'vitest'
import type { Broker } from './broker.ts'
import { variables } from './broker.ts'
import type { PlatformGear } from './gear-place.ts'

/** Runs SQL on one gear, with the credentials and the port that its publisher gives to applications. */
export async function sql<Value>(broker: Broker, gear: PlatformGear, work: (connection: Connection) => Promise<Value>): Promise<Value> {
  const given = variables((await broker.action(gear, 'hooks/publish-db-connection-info', gear.name, 'tests', gear.uuid)).stdout)
  const connection = await createConnection({ uri: given['OPENSHIFT_MARIADB_DB_URL'] as string, connectTimeout: 10_000 })
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}

/**
 * Waits until every gear is Synced in a component of them all with one history, and compares the rows.
 * @returns the history
 */
export async function expectOneCluster(broker: Broker, rows: readonly number[]): Promise<string> {
  const expected = broker.gears.map(() => `${broker.gears.length} Primary Synced`)
  await expect.poll(() => Promise.all(broker.gears.map(async (gear) => (await look(broker, gear))?.slice(1).join(' '))), { timeout: 100_000, interval: 200 }).toEqual(expected)
  const histories = await Promise.all(broker.gears.map(async (gear) => (await look(broker, gear))?.[0] ?? ''))
  expect(new Set(histories).size).toBe(1)
  for (const gear of broker.gears) expect(await rowsOf(broker, gear)).toEqual(rows)
  return histories[0] as string
}

const NAMES = ['wsrep_cluster_state_uuid', 'wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment']

async function look(broker: Broker, gear: PlatformGear): Promise<readonly string[] | null> {
  try {
    return await sql(broker, gear, async (connection) => {
      const [found] = await connection.query<RowDataPacket[]>('SHOW GLOBAL STATUS WHERE Variable_name IN (?)', [NAMES])
      const values = new Map(found.map((row) => [row['Variable_name'] as string, row['Value'] as string]))
      return NAMES.map((name) => values.get(name) ?? '')
    })
  } catch {
    return null
  }
}

async function rowsOf(broker: Broker, gear: PlatformGear): Promise<readonly number[]> {
  return sql(broker, gear, async (connection) => {
    const [found] = await connection.query<RowDataPacket[]>('SET STATEMENT wsrep_sync_wait=1 FOR SELECT id FROM kept ORDER BY id')
    return found.map((row) => Number(row['id']))
  })
}
