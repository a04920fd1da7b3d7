import type { TestCluster, TestNode } from '../../support/cluster.ts'
import { asRoot } from '../../support/transfer.ts'

/** What befalls the node that is written to; resolves to what ends it. The agent starts a server that has ended again by itself. */
export const FAULTS: Readonly<Record<string, (cluster: TestCluster, node: TestNode) => Promise<() => Promise<unknown>>>> = {
  'kill -9': async (cluster, node) => {
    cluster.kill([node], 'server')
    return async () => undefined
  },
  SIGSTOP: async (cluster, node) => {
    const pid = cluster.serverPid(node)
    process.kill(pid, 'SIGSTOP')
    return async () => process.kill(pid, 'SIGCONT')
  },
  SIGTERM: async (cluster, node) => {
    await cluster.must(node, 'stop')
    return () => cluster.must(node, 'start')
  },
  'rejects queries (1047)': async (_cluster, node) => {
    asRoot(node, 'SET GLOBAL wsrep_reject_queries = ALL')
    return async () => asRoot(node, 'SET GLOBAL wsrep_reject_queries = NONE')
  },
  'cut off (non-Primary)': async (_cluster, node) => {
    asRoot(node, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=1'")
    return async () => asRoot(node, "SET GLOBAL wsrep_provider_options = 'gmcast.isolate=0'")
  },
}
