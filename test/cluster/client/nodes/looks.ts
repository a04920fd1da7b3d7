import { expect } from 'vitest'
import type { GaleraPromisePool } from '../../../../src/client/index.ts'
import type { ClientPlace } from '../place.ts'
import { row } from '../calls.ts'

/** Which node answers. */
export const nameOf = async (one: GaleraPromisePool, sql = 'SELECT @@wsrep_node_name AS name FROM t') => row<{ name: string }>(await one.query(sql)).name

/** What the pool takes the nodes for. */
export const states = (one: GaleraPromisePool) => one.nodes().map(({ state }) => state)

export const allSynced = (one: GaleraPromisePool) => expect.poll(() => states(one), { timeout: 60_000 }).toEqual(['synced', 'synced', 'synced'])

/** The n of row 1 as each node has it. */
export const total = (place: ClientPlace) => [0, 1, 2].map((at) => Number(place.on(at, `SET wsrep_sync_wait=1; SELECT n FROM ${place.account().database}.t WHERE id = 1`)))
