import type { Pool, PoolConnection } from 'mysql2'
import type { Pool as PromisePool, PoolConnection as PromisePoolConnection } from 'mysql2/promise'
import type { Counters } from './counters.ts'
import type { Happening } from './engine.ts'
import type { NodeView } from './facade/pool.ts'
import type { TransactionOptions } from './facade/run-transaction.ts'
import type { SessionOptions } from './options.ts'

interface OfConnection {
  /** Changes options for this connection, from its next statement or transaction on. @throws OptionError */
  configure(options: SessionOptions): this
}

export interface GaleraPoolConnection extends PoolConnection, OfConnection {
  promise(promiseImpl?: PromiseConstructor): GaleraPromiseConnection
}

export interface GaleraPromiseConnection extends PromisePoolConnection, OfConnection {}

interface OfPool {
  /**
   * Runs `work` in a transaction on a connection of its own, which is committed when it resolves. Where the transaction was rolled back by others, it
   * is run again from its beginning: it should do nothing but work on that connection.
   */
  transaction<Value>(work: (connection: GaleraPromiseConnection) => Promise<Value>, options?: TransactionOptions): Promise<Value>
  /** What it did so far. */
  readonly counters: Readonly<Counters>
  /** The nodes as they are known now. */
  nodes(): readonly NodeView[]
  /** The node gets no new work, and is not the writer; what runs there goes on. @returns whether there is such a node */
  drain(name: string): boolean
  undrain(name: string): boolean
  /** Makes the table that exactlyOnce needs. */
  createTokenTable(): Promise<void>
  /** Removes tokens older than so many hours (default 24), at most 1000. @returns how many */
  purgeTokens(hours?: number): Promise<number>
}

export interface GaleraPool extends Omit<Pool, 'getConnection' | 'promise' | 'on'>, OfPool {
  getConnection(done: (error: NodeJS.ErrnoException | null, connection: GaleraPoolConnection) => void): void
  promise(promiseImpl?: PromiseConstructor): GaleraPromisePool
  on(event: 'node', listener: (node: NodeView) => void): this
  on<Name extends keyof Happening>(event: Name, listener: (what: Happening[Name]) => void): this
  on(event: string, listener: (...args: never[]) => void): this
}

export interface GaleraPromisePool extends Omit<PromisePool, 'getConnection' | 'on'>, OfPool {
  getConnection(): Promise<GaleraPromiseConnection>
  on(event: 'node', listener: (node: NodeView) => void): this
  on<Name extends keyof Happening>(event: Name, listener: (what: Happening[Name]) => void): this
  on(event: string, listener: (...args: never[]) => void): this
}
