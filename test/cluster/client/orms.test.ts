import { int, mysqlTable } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import knex from 'knex'
import { type Generated, Kysely, MysqlDialect, sql } from 'kysely'
import { DataTypes, Sequelize } from 'sequelize'
import { DataSource, EntitySchema } from 'typeorm'
import { beforeEach, describe, expect, test } from 'vitest'
import { createPool, driverModule, type GaleraPoolOptions } from '../../../src/client/index.ts'
import { clientPlace } from './place.ts'

/** ORMs as they are, on three real nodes, 127.0.63.x. */
const place = clientPlace(63)
const { on } = place
const options = (): GaleraPoolOptions => ({ ...place.account(), nodes: place.cluster.nodes.map(({ address, name }, at) => ({ host: address, name, priority: -at })), probeInterval: 100 })

interface Orm {
  /** One transaction; `add` inserts a row into t, and tells its id. */
  readonly transaction: (work: (add: (n: number) => Promise<number>) => Promise<void>) => Promise<unknown>
  readonly end: () => unknown
}

const ORMS: Readonly<Record<string, () => Promise<Orm>>> = {
  async kysely() {
    const db = new Kysely<{ t: { id: Generated<number>; n: number } }>({ dialect: new MysqlDialect({ pool: createPool(options()) }) })
    return { transaction: (work) => db.transaction().execute((transaction) => work(async (n) => Number((await transaction.insertInto('t').values({ n }).executeTakeFirst()).insertId))), end: () => db.destroy() }
  },
  async drizzle() {
    const pool = createPool(options()).promise()
    const t = mysqlTable('t', { id: int().autoincrement().primaryKey(), n: int() })
    return { transaction: (work) => drizzle({ client: pool }).transaction((transaction) => work(async (n) => (await transaction.insert(t).values({ n }))[0].insertId)), end: () => pool.end() }
  },
  async knex() {
    const pool = createPool(options()).promise()
    const db = knex({ client: 'mysql2', connectionPool: pool })
    return { transaction: (work) => db.transaction((transaction) => work(async (n) => (await transaction('t').insert({ n }))[0] as number)), end: () => pool.end() }
  },
  async typeorm() {
    const t = new EntitySchema<{ id: number; n: number }>({ name: 't', columns: { id: { type: 'int', primary: true, generated: true }, n: { type: 'int' } } })
    const source = await new DataSource({ type: 'mysql', driver: driverModule(options()), entities: [t] }).initialize()
    return { transaction: (work) => source.transaction((manager) => work(async (n) => (await manager.save(t, { n })).id)), end: () => source.destroy() }
  },
  async sequelize() {
    const driver = driverModule(options())
    const sequelize = new Sequelize({ dialect: 'mysql', dialectModule: driver, logging: false })
    const t = sequelize.define('t', { n: DataTypes.INTEGER }, { timestamps: false, freezeTableName: true })
    return { transaction: (work) => sequelize.transaction((transaction) => work(async (n) => (await t.create({ n }, { transaction })).get('id') as number)), end: () => sequelize.close().then(driver.end) }
  },
}

beforeEach(() => {
  const { database } = place.account()
  on(0, `DROP TABLE IF EXISTS ${database}.accounts; CREATE OR REPLACE TABLE ${database}.t (id INT AUTO_INCREMENT PRIMARY KEY, n INT)`)
})

/** What each node has. */
const rows = () => [0, 1, 2].map((at) => on(at, `SET wsrep_sync_wait=1; SELECT GROUP_CONCAT(id, ':', n ORDER BY n) FROM ${place.account().database}.t`))

/** The connection whose transaction has written is ended by its server, which has forgotten it on return. */
async function killTransaction(): Promise<void> {
  const id = /undo log entries \d+\\nMariaDB thread id (\d+)/.exec(on(0, 'SHOW ENGINE INNODB STATUS'))?.[1]
  on(0, `KILL CONNECTION ${id}`)
  await expect.poll(() => on(0, `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = ${id}`), { interval: 5 }).toBe('0')
}

describe.each(Object.keys(ORMS))('%s', (name) => {
  test('its example does what it says', async () => {
    const { example } = (await import(`../../../docs/examples/client/${name}.ts`)) as { example: (options: GaleraPoolOptions) => Promise<object> }
    expect(await example(options())).toEqual({ Ann: 70, Ben: 30 })
  })

  async function using(work: (orm: Orm) => Promise<void>): Promise<void> {
    const orm = await (ORMS[name] as () => Promise<Orm>)()
    try {
      await work(orm)
    } finally {
      await orm.end()
    }
  }

  test('a transaction whose connection is killed is committed once, with the ids that were told', () =>
    using(async (orm) => {
      const ids: number[] = []
      await orm.transaction(async (add) => {
        ids.push(await add(1))
        await killTransaction()
        ids.push(await add(2))
      })
      expect(rows()).toEqual(Array(3).fill(`${ids[0]}:1,${ids[1]}:2`))
    }))

  test('a transaction that throws is rolled back', () =>
    using(async (orm) => {
      const work = orm.transaction(async (add) => {
        await add(1)
        throw new Error('changed my mind')
      })
      await expect(work).rejects.toThrow('changed my mind')
      await orm.transaction(async (add) => void (await add(2)))
      expect(rows()).toEqual(Array(3).fill(expect.stringMatching(/^\d+:2$/)))
    }))
})

describe('what is left halfway is in nobody\'s way:', () => {
  const LIMIT = { connectionLimit: 1 }
  const MANY = 'INSERT INTO t (n) SELECT seq FROM seq_1_to_100000'

  test('kysely streams', async () => {
    const db = new Kysely<{ t: { id: Generated<number>; n: number } }>({ dialect: new MysqlDialect({ pool: createPool({ ...options(), ...LIMIT }) }) })
    await sql.raw(MANY).execute(db)
    const all = db.selectFrom('t').select('n').orderBy('n')
    let sum = 0
    for await (const { n } of all.stream()) sum += n
    expect(sum).toBe(5_000_050_000)
    for await (const { n } of all.stream()) if (n === 3) break
    expect(await all.limit(2).execute()).toEqual([{ n: 1 }, { n: 2 }])
    await db.destroy()
  })

  test('drizzle iterates, and does not say that it has ended', async () => {
    const pool = place.pool(LIMIT)
    await pool.query(MANY)
    const t = mysqlTable('t', { n: int() })
    const all = drizzle({ client: pool }).select().from(t).orderBy(t.n)
    for await (const { n } of await all.prepare().iterator()) if (n === 3) break
    expect(await all.limit(2)).toEqual([{ n: 1 }, { n: 2 }])
  })

  test('a connection is given back before its answer', async () => {
    const { core } = place.pool(LIMIT)
    const answered = new Promise((done) => core.getConnection((_, connection) => {
      connection.query('SELECT n FROM t', (_error, rows) => done(rows))
      connection.release()
    }))
    expect(await answered).toEqual([])
    expect(core.nodes().map(({ busy }) => busy)).toEqual([0, 0, 0])
    await core.promise().query('SELECT 1')
  })
})
