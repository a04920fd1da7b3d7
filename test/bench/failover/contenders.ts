import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPoolCluster as createMariadbCluster } from 'mariadb'
import { createPool as createBarePool, createPoolCluster } from 'mysql2/promise'
import { createPool } from '../../../src/client/index.ts'
import { DEFAULT_PORTS } from '../../../src/galera/endpoint.ts'
import type { TestCluster } from '../../support/cluster.ts'
import type { Contender } from './load.ts'

/** Connections of each. */
const LIMIT = 10
const HAPROXY_PORT = 13_306
const AGENT_PORT = DEFAULT_PORTS.agentPort

interface Place {
  readonly cluster: TestCluster
  readonly account: { readonly user: string; readonly password: string; readonly database: string }
}

/** All that reach several nodes; writes go to the first that is there, so that none has conflicts that others have not. */
export const CONTENDERS: Readonly<Record<string, (place: Place) => Promise<Contender>>> = {
  'galeractl/client, exactlyOnce': async (place) => ours(place, { exactlyOnce: true }),
  'galeractl/client': async (place) => ours(place, {}),
  'mysql2 PoolCluster': async (place) => poolCluster(place, {}, {}),
  'mysql2 PoolCluster, tuned': async (place) => poolCluster(place, { removeNodeErrorCount: 1, restoreNodeTimeout: 1_000 }, { connectTimeout: 1_000 }),
  'mariadb cluster': async ({ cluster, account }) => {
    const all = createMariadbCluster({ removeNodeErrorCount: 1, restoreNodeTimeout: 1_000 })
    for (const { name, address } of cluster.nodes) all.add(name, { ...account, host: address, connectionLimit: LIMIT, connectTimeout: 1_000, acquireTimeout: 3_000 })
    const some = all.of('^n', 'ORDER')
    return { getConnection: () => some.getConnection() as never, end: () => all.end() }
  },
  'HAProxy, check of wsrep': async (place) => {
    const haproxy = await startHaproxy(place.cluster)
    const pool = createBarePool({ ...place.account, host: '127.0.0.1', port: HAPROXY_PORT, connectionLimit: LIMIT, connectTimeout: 3_000 })
    return { getConnection: () => pool.getConnection(), end: () => Promise.all([pool.end().catch(() => undefined), haproxy.kill()]) }
  },
}

function ours({ cluster, account }: Place, options: object): Contender {
  const pool = createPool({ ...account, nodes: cluster.nodes.map(({ address }) => address), connectionLimit: LIMIT, ...options }).promise()
  return { getConnection: () => pool.getConnection() as never, end: () => pool.end() }
}

function poolCluster({ cluster, account }: Place, options: object, each: object): Contender {
  const all = createPoolCluster({ canRetry: true, ...options })
  for (const { name, address } of cluster.nodes) all.add(name, { ...account, host: address, connectionLimit: LIMIT, ...each })
  const some = all.of('*', 'ORDER')
  return { getConnection: () => some.getConnection(), end: () => all.end() }
}

/** The agents' own check; sessions of a node that fails it are cut. */
async function startHaproxy(cluster: TestCluster): Promise<ChildProcess> {
  const config = join(cluster.folder, 'haproxy.cfg')
  const servers = cluster.nodes.map(({ name, address }, at) => `  server ${name} ${address}:3306 check addr ${address} port ${AGENT_PORT} inter 500 fall 1 rise 2 on-marked-down shutdown-sessions${at === 0 ? '' : ' backup'}`)
  writeFileSync(config, ['defaults', '  mode tcp', '  timeout connect 1s', '  timeout client 1m', '  timeout server 1m', 'listen galera', `  bind 127.0.0.1:${HAPROXY_PORT}`, '  option httpchk GET /health/ready', '  option redispatch', ...servers, ''].join('\n'))
  const child = spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' })
  for (let looks = 0; looks < 100; looks++) {
    const pool = createBarePool({ host: '127.0.0.1', port: HAPROXY_PORT, ...(await cluster.account(cluster.nodes[0] as never)) })
    const up = await pool.query('SELECT 1').then(() => true, () => false)
    await pool.end()
    if (up) return child
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  child.kill()
  throw new Error('HAProxy does not reach the cluster')
}
