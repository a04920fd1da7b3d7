import { GaleraPool as Pool } from './facade/pool.ts'
import { type GaleraPoolOptions, resolveOptions } from './options.ts'
import type { GaleraPool } from './types.ts'

/** A pool over all nodes of a Galera cluster, to be used as a pool of mysql2. @throws OptionError */
export function createPool(options: GaleraPoolOptions): GaleraPool {
  return new Pool(resolveOptions(options)) as unknown as GaleraPool
}
