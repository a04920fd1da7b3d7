import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPoolCluster as createMariadbCluster } from 'mariadb'
import { createConnection, createPool as createBarePool, createPoolCluster } from 'mysql2/promise'
import { createPool } from '../../../src/client/index.ts'
import { DEFAULT_PORTS } from '../../../src/galera/endpoint.ts'
import { waitFor } from '../../../src/system/wait.ts'
import type { Contender } from './load.ts'

/** Connections of each. */
const LIMIT = 10
const HAPROXY_PORT = 13_306
const AGENT_PORT = DEFAULT_PORTS.agentPort

const NOTHING = () => undefined

/** Plain data: it goes to another process. */
export interface Place {
  readonly nodes: readonly { readonly name: string; readonly address: string }[]
  readonly account: { readonly user: string; readonly password: string; readonly database: string }
  /** For files. */
  readonly folder: string
}

/** All that reach several nodes; writes go to the first that is there, so that none has conflicts that others have not. */
export const CONTENDERS: Readonly<Record<string, (place: Place) => Promise<Contender>>> = {
  'galeractl/client, transaction(fn)': async (place) => {
    const pool = poolOf(place, {})
    return { getConnection: () => pool.getConnection() as never, transaction: (work) => pool.transaction((connection) => work(connection as never), { exactlyOnce: true }), stop: NOTHING }
  },
  'galeractl/client, exactlyOnce': async (place) => ours(place, { exactlyOnce: true }),
  'galeractl/client': async (place) => ours(place, {}),
  'mysql2 PoolCluster': async (place) => poolCluster(place, {}, {}),
  'mysql2 PoolCluster, tuned': async (place) => poolCluster(place, { removeNodeErrorCount: 1, restoreNodeTimeout: 1_000 }, { connectTimeout: 1_000 }),
  'mariadb cluster': async ({ nodes, account }) => {
    const all = createMariadbCluster({ removeNodeErrorCount: 1, restoreNodeTimeout: 1_000 })
    for (const { name, address } of nodes) all.add(name, { ...account, host: address, connectionLimit: LIMIT, connectTimeout: 1_000, acquireTimeout: 3_000 })
    const some = all.of('^n', 'ORDER')
    return { getConnection: () => some.getConnection() as never, stop: NOTHING }
  },
  'HAProxy, check of wsrep': async (place) => {
    const haproxy = await startHaproxy(place)
    const pool = createBarePool({ ...place.account, host: '127.0.0.1', port: HAPROXY_PORT, connectionLimit: LIMIT, connectTimeout: 3_000 })
    return { getConnection: () => pool.getConnection(), stop: () => haproxy.kill() }
  },
}

const poolOf = ({ nodes, account }: Place, options: object) => createPool({ ...account, nodes: nodes.map(({ address }) => address), connectionLimit: LIMIT, ...options }).promise()

function ours(place: Place, options: object): Contender {
  const pool = poolOf(place, options)
  return { getConnection: () => pool.getConnection() as never, stop: NOTHING }
}

function poolCluster({ nodes, account }: Place, options: object, each: object): Contender {
  const all = createPoolCluster({ canRetry: true, ...options })
  for (const { name, address } of nodes) all.add(name, { ...account, host: address, connectionLimit: LIMIT, ...each })
  const some = all.of('*', 'ORDER')
  return { getConnection: () => some.getConnection(), stop: NOTHING }
}

/** The agents' own check; sessions of a node that fails it are cut. */
async function startHaproxy({ nodes, account, folder }: Place): Promise<ChildProcess> {
  const config = join(folder, 'haproxy.cfg')
  const servers = nodes.map(({ name, address }, at) => `  server ${name} ${address}:3306 check addr ${address} port ${AGENT_PORT} inter 500 fall 1 rise 2 on-marked-down shutdown-sessions${at === 0 ? '' : ' backup'}`)
  writeFileSync(config, ['defaults', '  mode tcp', '  timeout connect 1s', '  timeout client 1m', '  timeout server 1m', 'listen galera', `  bind 127.0.0.1:${HAPROXY_PORT}`, '  option httpchk GET /health/ready', '  option redispatch', ...servers, ''].join('\n'))
  const child = spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' })
  const reaches = async () => {
    const connection = await createConnection({ host: '127.0.0.1', port: HAPROXY_PORT, ...account }).catch(() => null)
    await connection?.end()
    return connection === null ? undefined : true
  }
  try {
    await waitFor('HAProxy to reach the cluster', reaches, { timeout: 10_000 })
    return child
  } catch (error) {
    child.kill()
    throw error
  }
}
