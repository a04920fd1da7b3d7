import * as driver from 'mysql2'
import type { Query, QueryOptions } from 'mysql2'
import * as promises from 'mysql2/promise'
import type { Pool, PoolConnection } from 'mysql2/promise'
import type { Work } from '../nodes/link.ts'

/** What mysql2 exports without a type. */

const { createQuery } = driver as unknown as { createQuery: (options: QueryOptions, values: unknown, done: undefined, config: object) => Query }

/** A command that is not sent yet. */
export function commandFor({ options: { values, ...options } }: Work, config: object): Query {
  return createQuery(options as QueryOptions, values, undefined, config)
}

/** Promises around a pool, and around a connection, that calls back. */
export const PromisePool = (promises as unknown as { PromisePool: new (pool: object, promise?: PromiseConstructor) => Pool }).PromisePool
export const PromisePoolConnection = (promises as unknown as { PromisePoolConnection: new (connection: object, promise?: PromiseConstructor) => PoolConnection }).PromisePoolConnection
