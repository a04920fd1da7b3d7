import { eq, sql } from 'drizzle-orm'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
// In your program: 'galeractl/client'.
import { createPool, type GaleraPoolOptions } from '../../../src/client/index.ts'

const accounts = mysqlTable('accounts', {
  id: int().autoincrement().primaryKey(),
  owner: varchar({ length: 50 }).notNull(),
  balance: int().notNull(),
})

/** Moves 30 from one account to another. */
export async function example(options: GaleraPoolOptions): Promise<Readonly<Record<string, number>>> {
  const pool = createPool(options).promise()
  const db = drizzle({ client: pool })
  try {
    await db.execute(sql`CREATE TABLE accounts (id INT AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(50) NOT NULL, balance INT NOT NULL)`)
    await db.insert(accounts).values([{ owner: 'Ann', balance: 100 }, { owner: 'Ben', balance: 0 }])
    // Where its node is lost meanwhile, it goes on at another.
    await db.transaction(async (transaction) => {
      await transaction.update(accounts).set({ balance: sql`${accounts.balance} - 30` }).where(eq(accounts.owner, 'Ann'))
      await transaction.update(accounts).set({ balance: sql`${accounts.balance} + 30` }).where(eq(accounts.owner, 'Ben'))
    })
    const rows = await db.select().from(accounts)
    return Object.fromEntries(rows.map(({ owner, balance }) => [owner, balance]))
  } finally {
    await pool.end()
  }
}
