import { DataTypes, type InferAttributes, type InferCreationAttributes, type Model, Sequelize } from 'sequelize'
// In your program: 'galeractl/client'.
import { driverModule, type GaleraPoolOptions } from '../../../src/client/index.ts'

interface Account extends Model<InferAttributes<Account>, InferCreationAttributes<Account>> {
  owner: string
  balance: number
}

/** Moves 30 from one account to another. */
export async function example(options: GaleraPoolOptions): Promise<Readonly<Record<string, number>>> {
  const driver = driverModule(options)
  // How many connections there are at most is up to Sequelize: `pool: { max: 5 }`.
  const sequelize = new Sequelize({ dialect: 'mysql', dialectModule: driver, logging: false })
  try {
    const accounts = sequelize.define<Account>('accounts', { owner: { type: DataTypes.STRING(50), allowNull: false }, balance: { type: DataTypes.INTEGER, allowNull: false } }, { timestamps: false })
    await accounts.sync()
    // Not by bulkCreate where ids are needed: it counts them up from the first, which they are not on a cluster.
    await accounts.create({ owner: 'Ann', balance: 100 })
    await accounts.create({ owner: 'Ben', balance: 0 })
    // Where its node is lost meanwhile, it goes on at another.
    await sequelize.transaction(async (transaction) => {
      await accounts.decrement({ balance: 30 }, { where: { owner: 'Ann' }, transaction })
      await accounts.increment({ balance: 30 }, { where: { owner: 'Ben' }, transaction })
    })
    const rows = await accounts.findAll()
    return Object.fromEntries(rows.map(({ owner, balance }) => [owner, balance]))
  } finally {
    await sequelize.close()
    driver.end()
  }
}
