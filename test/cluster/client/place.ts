import { afterAll, afterEach, beforeAll } from 'vitest'
import { createPool, type GaleraPool, type GaleraPoolOptions, type GaleraPromisePool } from '../../../src/client/index.ts'
import { makeCluster, type TestCluster, type TestNode } from '../../support/cluster.ts'
import { asRoot } from '../../support/transfer.ts'

/** Three real nodes for the tests of one file, with evs.suspect_timeout shortened to 2 s, so that a killed node stalls the others no longer. */
export interface ClientPlace {
  readonly cluster: TestCluster
  readonly node: (at: number) => TestNode
  /** A pool over all three, n1 the writer; ended after the test. */
  readonly pool: (options?: Partial<GaleraPoolOptions>) => GaleraPromisePool & { readonly core: GaleraPool }
  /** What a node has, past all pools. */
  readonly on: (at: number, sql: string) => string
  readonly account: () => { readonly user: string; readonly password: string; readonly database: string }
}

export function clientPlace(net: number): ClientPlace {
  let cluster: TestCluster
  let account: { user: string; password: string; database: string }
  const pools: GaleraPool[] = []
  beforeAll(async () => {
    cluster = await makeCluster(net, 3, { setup: ['--provider-options', 'evs.keepalive_period=PT0.5S;evs.inactive_check_period=PT0.25S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S;evs.install_timeout=PT4S'] })
    await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
    account = await cluster.account(cluster.nodes[0] as TestNode)
    asRoot(cluster.nodes[0] as TestNode, `GRANT ALL ON ${account.database}.* TO ${account.user}@'%'; GRANT RELOAD, PROCESS ON *.* TO ${account.user}@'%'`)
  })
  // Or the connections that they keep for a while would be too many for the server.
  afterEach(() => {
    for (const pool of pools.splice(0)) pool.end()
  })
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]()
  })
  return {
    get cluster() {
      return cluster
    },
    node: (at) => cluster.nodes[at] as TestNode,
    account: () => account,
    pool: (options = {}) => {
      const core = createPool({ ...account, nodes: cluster.nodes.map(({ address, name }, at) => ({ host: address, name, priority: -at })), discover: false, probeInterval: 100, ...options })
      pools.push(core)
      return Object.assign(core.promise(), { core })
    },
    on: (at, sql) => asRoot(cluster.nodes[at] as TestNode, sql).trim(),
  }
}
