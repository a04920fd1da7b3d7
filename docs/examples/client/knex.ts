import knex from 'knex'
// In your program: 'galeractl/client'.
import { createPool, type GaleraPoolOptions } from '../../../src/client/index.ts'

interface Account {
  readonly id: number
  readonly owner: string
  readonly balance: number
}

/** Moves 30 from one account to another. */
export async function example(options: GaleraPoolOptions): Promise<Readonly<Record<string, number>>> {
  const pool = createPool(options).promise()
  const db = knex({ client: 'mysql2', connectionPool: pool })
  try {
    await db.schema.createTable('accounts', (table) => {
      table.increments()
      table.string('owner', 50).notNullable()
      table.integer('balance').notNullable()
    })
    await db<Account>('accounts').insert([{ owner: 'Ann', balance: 100 }, { owner: 'Ben', balance: 0 }])
    // Where its node is lost meanwhile, it goes on at another.
    await db.transaction(async (transaction) => {
      await transaction<Account>('accounts').where({ owner: 'Ann' }).decrement('balance', 30)
      await transaction<Account>('accounts').where({ owner: 'Ben' }).increment('balance', 30)
    })
    const rows = await db<Account>('accounts').select('owner', 'balance')
    return Object.fromEntries(rows.map(({ owner, balance }) => [owner, balance]))
  } finally {
    await pool.end()
  }
}
