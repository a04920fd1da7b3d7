import * as driver from 'mysql2'
import type { ConnectionOptions, Query, QueryOptions } from 'mysql2'
import * as promises from 'mysql2/promise'
import type { Pool, PoolConnection } from 'mysql2/promise'
import type { Work } from '../nodes/link.ts'

/** What mysql2 exports without a type. */

interface Formatter {
  readonly format: (sql: string, values: unknown, namedPlaceholders?: boolean) => string
}

const { createQuery, Connection } = driver as unknown as { createQuery: (options: QueryOptions, values: unknown, done: undefined, config: object) => Query; Connection: { readonly prototype: Formatter } }

/** Puts values into a text as a connection with these options does. */
export const formatter = (config: ConnectionOptions): Formatter => Object.assign(Object.create(Connection.prototype) as Formatter, { config })

/** A command that is not sent yet. */
export function commandFor({ options: { values, ...options } }: Work, config: object): Query {
  return createQuery(options as QueryOptions, values, undefined, config)
}

/** Promises around a pool, and around a connection, that calls back. */
export const PromisePool = (promises as unknown as { PromisePool: new (pool: object, promise?: PromiseConstructor) => Pool }).PromisePool
export const PromisePoolConnection = (promises as unknown as { PromisePoolConnection: new (connection: object, promise?: PromiseConstructor) => PoolConnection }).PromisePoolConnection
