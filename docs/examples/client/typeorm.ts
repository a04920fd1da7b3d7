import { DataSource, EntitySchema } from 'typeorm'
// In your program: 'galeractl/client'.
import { driverModule, type GaleraPoolOptions } from '../../../src/client/index.ts'

interface Account {
  id: number
  owner: string
  balance: number
}

const Accounts = new EntitySchema<Account>({
  name: 'accounts',
  columns: { id: { type: 'int', primary: true, generated: true }, owner: { type: 'varchar', length: 50 }, balance: { type: 'int' } },
})

/** Moves 30 from one account to another. */
export async function example(options: GaleraPoolOptions): Promise<Readonly<Record<string, number>>> {
  // With 'mysql' save() inserts row by row, and each keeps its id where the transaction is repeated; 'mariadb' has ids by RETURNING, which can't be repeated.
  const source = new DataSource({ type: 'mysql', driver: driverModule(options), entities: [Accounts], synchronize: true })
  await source.initialize()
  try {
    await source.getRepository(Accounts).save([{ owner: 'Ann', balance: 100 }, { owner: 'Ben', balance: 0 }])
    // Where its node is lost meanwhile, it goes on at another.
    await source.transaction(async (manager) => {
      await manager.decrement(Accounts, { owner: 'Ann' }, 'balance', 30)
      await manager.increment(Accounts, { owner: 'Ben' }, 'balance', 30)
    })
    const rows = await source.getRepository(Accounts).find()
    return Object.fromEntries(rows.map(({ owner, balance }) => [owner, balance]))
  } finally {
    // The pool too.
    await source.destroy()
  }
}
