import { OutsideError } from '../errors.ts'
import { findAlarms } from '../galera/alarms.ts'
import { describeFork } from '../galera/fork.ts'
import { recordForks } from '../galera/ledger.ts'
import { leftBehindAt } from '../galera/left-behind.ts'
import { askPeers } from '../peers/ask.ts'
import { endServer } from './membership.ts'
import type { Node } from './node.ts'
import { report } from './report.ts'

/** How often a running node looks at the others, milliseconds. */
const INTERVAL = 5_000

/**
 * A running node looks whether the others are still one cluster with it; alarms go to the log, the status and its exit code.
 * @throws OutsideError `left-behind` where the cluster had gone on without this node, whose server is stopped then
 */
export async function watchPeers(node: Node): Promise<void> {
  if (node.status?.primary !== true || performance.now() - node.peersSeen < INTERVAL) return
  const observations = await askPeers(node.others, { key: node.key, clusterName: node.config.clusterName, timeout: node.config.probeTimeout })
  node.peersSeen = performance.now()
  node.hear(observations)
  const self = report(node)
  if (self.kind !== 'primary') return
  const fork = leftBehindAt(self, observations)
  if (fork !== null) {
    await endServer(node, node.config.stopTimeout)
    throw new OutsideError('left-behind', `${describeFork(fork)}; mariadbd was stopped`, 'Nothing to do: its data is moved aside, and it takes the state anew. See galeractl rescued.')
  }
  const told = observations.flatMap((peer) => (peer.kind === 'primary' && peer.uuid === self.uuid ? peer.forks : []))
  await node.ledger.update((ledger) => recordForks(ledger, told))
  const alarms = findAlarms(self, observations)
  const known = new Set(node.alarms.map(({ message }) => message))
  for (const alarm of alarms) if (!known.has(alarm.message)) node.log.fatal({ alarm }, alarm.message)
  node.alarms = alarms
}
