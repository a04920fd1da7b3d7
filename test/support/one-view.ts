import { waitFor } from '../../src/system/wait.ts'
import type { TestCluster, TestNode } from './cluster.ts'
import { asRoot } from './transfer.ts'

/** Starts what is not running, until all nodes are Synced in one view. */
export async function allSynced(cluster: TestCluster): Promise<void> {
  for (const node of cluster.nodes) await cluster.must(node, 'start')
  const areSynced = async () => {
    const views = cluster.nodes.map(viewOf)
    return views.every((view) => view === views[0] && view.includes('Synced')) || undefined
  }
  await waitFor('all nodes to be Synced in one view', areSynced, { timeout: 60_000, interval: 200 })
}

/** A server that hung says Synced for seconds after that, but of an older view. */
const viewOf = (node: TestNode) => asRoot(node, "SHOW STATUS WHERE Variable_name IN ('wsrep_cluster_conf_id', 'wsrep_cluster_size', 'wsrep_local_state_comment')")
