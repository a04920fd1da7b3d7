import type { ConnectionOptions, PoolOptions } from 'mysql2'
import { GaleraPool as Pool } from './facade/pool.ts'
import { type GaleraPoolOptions, resolveOptions } from './options.ts'
import type { GaleraPool, GaleraPoolConnection } from './types.ts'

/** As much of the module mysql2 as ORMs use that want a driver, not a pool: `driver` of TypeORM, `dialectModule` of Sequelize. */
export interface DriverModule {
  /** A pool, which is ended by who asked for it. @throws OptionError */
  createPool(config?: PoolOptions): GaleraPool
  /**
   * A connection for those who have a pool of their own: all that are asked for with the same options are of one Galera pool, each with its own
   * typeCast. @throws OptionError
   */
  createConnection(config?: ConnectionOptions): GaleraPoolConnection
  /** Ends the pools behind createConnection. */
  end(): void
}

/** What `options` does not say is as the ORM asks for it: user, password, database, and how values are read and written. */
export function driverModule(options: GaleraPoolOptions): DriverModule {
  const pools = new Map<string, Pool>()
  // Functions are the same where they are one.
  const functions: unknown[] = []
  const nameOf = (one: unknown) => (functions.includes(one) ? functions.indexOf(one) : functions.push(one) - 1)
  const open = (config: PoolOptions, own: PoolOptions = {}) => new Pool(resolveOptions({ ...said(config), ...options, ...own }))
  return {
    createPool: (config = {}) => open(config) as unknown as GaleraPool,
    createConnection({ typeCast, ...config } = {}) {
      const key = JSON.stringify(config, (_, value) => (typeof value === 'function' ? nameOf(value) : value))
      const pool = pools.get(key) ?? open(config, { connectionLimit: 0 })
      pools.set(key, pool)
      // Sequelize makes one for each connection: it goes with each statement.
      const own = typeCast === undefined || options.typeCast !== undefined ? undefined : { typeCast }
      const connection = pool.open(undefined, own)
      // Those who ask listen from now on; which node it is to be shows with the first statement.
      process.nextTick(() => connection.emit('connect'))
      return connection as unknown as GaleraPoolConnection
    },
    end() {
      for (const pool of pools.values()) pool.end()
      pools.clear()
    },
  }
}

/** Without what is left open, and without the address: ORMs put in localhost. */
function said({ host: _host, port: _port, socketPath: _path, ...config }: PoolOptions): PoolOptions {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null))
}
