import { type Generated, Kysely, MysqlDialect } from 'kysely'
// In your program: 'galeractl/client'.
import { createPool, type GaleraPoolOptions } from '../../../src/client/index.ts'

interface Tables {
  accounts: { id: Generated<number>; owner: string; balance: number }
}

/** Moves 30 from one account to another. */
export async function example(options: GaleraPoolOptions): Promise<Readonly<Record<string, number>>> {
  const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: createPool(options) }) })
  try {
    await db.schema
      .createTable('accounts')
      .addColumn('id', 'integer', (id) => id.autoIncrement().primaryKey())
      .addColumn('owner', 'varchar(50)', (owner) => owner.notNull())
      .addColumn('balance', 'integer', (balance) => balance.notNull())
      .execute()
    await db.insertInto('accounts').values([{ owner: 'Ann', balance: 100 }, { owner: 'Ben', balance: 0 }]).execute()
    // Where its node is lost meanwhile, it goes on at another.
    await db.transaction().execute(async (transaction) => {
      await transaction.updateTable('accounts').set((account) => ({ balance: account('balance', '-', 30) })).where('owner', '=', 'Ann').execute()
      await transaction.updateTable('accounts').set((account) => ({ balance: account('balance', '+', 30) })).where('owner', '=', 'Ben').execute()
    })
    const balances: Record<string, number> = {}
    // Row by row, as they come.
    for await (const { owner, balance } of db.selectFrom('accounts').select(['owner', 'balance']).stream()) balances[owner] = balance
    return balances
  } finally {
    // The pool too.
    await db.destroy()
  }
}
