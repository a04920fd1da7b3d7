import type { Fault } from '../errors.ts'
import type { Fork } from './fork.ts'
import { forkUnknownTo, leftBehindAt } from './left-behind.ts'
import { isHistory } from './gtid.ts'
import { groupNames, nameIn } from './member-name.ts'
import type { Live, Observation } from './observation.ts'
import { isSameNode } from './view.ts'

/** What a running node sees of the others that no program may mend: each with the way out. */
export function findAlarms(self: Live, peers: readonly Observation[]): readonly Fault[] {
  if (self.kind !== 'primary') return []
  const primaries = peers.filter((peer): peer is Live => peer.kind === 'primary')
  return [...primaries.flatMap((peer) => rival(self, peer)), ...otherBranch([self, ...primaries], peers), ...(self.view?.members ?? []).flatMap((member) => unrenewed(self, peers, nameIn({ self, peers }, member)))]
}

function rival(self: Live, peer: Live): readonly Fault[] {
  const hint = 'Decide which one holds the data to keep; on the other nodes galeractl stop, move data/ aside, galeractl setup, galeractl start.'
  if (!isHistory(peer.uuid)) return [{ code: 'nil-history', message: `${peer.name} is Primary with the nil UUID: its data may differ from node to node`, hint: `Stop mariadbd on ${peer.name}, then run galeractl start there: its position is then compared and passed.` }]
  if (peer.uuid !== self.uuid) return [{ code: 'two-histories', message: `two clusters are running: ${self.name} at ${self.uuid}:${self.seqno}, ${peer.name} at ${peer.uuid}:${peer.seqno}`, hint }]
  const apart = self.view !== null && peer.view !== null && !self.view.members.some((one) => peer.view?.members.some((other) => isSameNode(other.uuid, one.uuid)))
  if (apart) return [{ code: 'two-components', message: `two primary components of one history are running: ${self.name} at ${self.seqno}, ${peer.name} at ${peer.seqno}, without a common member`, hint }]
  return []
}

/** Nobody here knows of a fork that a node outside went along with: it has what was written since then, and joins nobody here. */
function otherBranch(component: readonly Live[], peers: readonly Observation[]): readonly Fault[] {
  return peers.flatMap((peer) => {
    const fork = peer.kind === 'down' ? forkUnknownTo(component, peer) : null
    if (fork === null) return []
    return [{ code: 'other-branch', message: `${peer.name} went on without ${fork.without.join(', ')} at ${fork.uuid}:${fork.seqno} on ${fork.at}, of which this component knows nothing: each may hold acknowledged writes that the other lacks`, hint: `Decide whose data to keep: on ${peer.name}, or on the others, galeractl stop, move data/ and state/ledger.json aside, galeractl setup, galeractl start.` }]
  })
}

/** In the view again, although the cluster had gone on without it, and not with a state of its own: by stock mariadbd, say. */
function unrenewed(self: Live, peers: readonly Observation[], name: string): readonly Fault[] {
  const fork = self.forks.findLast(({ without }) => groupNames(name).some((one) => without.includes(one)))
  const peer = peers.find((one) => one.name === name)
  if (fork === undefined || peer === undefined) return []
  if (peer.kind === 'silent') return fork.why === 'not-in-view' ? [] : [unrenewedFault(peer.name, fork, 'is in the component and its agent does not answer: it may have rejoined without the full SST')]
  return leftBehindAt(peer, [self]) === null ? [] : [unrenewedFault(peer.name, fork, 'rejoined without the full SST')]
}

function unrenewedFault(name: string, fork: Fork, because: string): Fault {
  return {
    code: 'left-behind-runs',
    message: `${name} ${because} that it needed after the fork at ${fork.uuid}:${fork.seqno} on ${fork.at}; its data may be inconsistent`,
    hint: `On ${name}: stop mariadbd, then galeractl start, which moves the old data aside (galeractl rescued) and rejoins with a full SST.`,
  }
}
