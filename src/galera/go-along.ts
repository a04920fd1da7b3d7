import type { Decision, RunningDecision } from './decision.ts'
import type { Fork, Uncounted } from './fork.ts'
import { forgetCutOff, type Ledger, recordFlag, recordForks, recordIntent } from './ledger.ts'
import type { Observation } from './observation.ts'
import { leaveHistory } from './restored.ts'
import { newestSeqno } from './view.ts'

export type Launchable = Extract<Decision, { do: 'join' | 'reform' | 'bootstrap' }>

type Forking = Launchable | Extract<RunningDecision, { do: 'repair' }>

/**
 * Goes along with the forks of those that the node joins or starts with, and intends those that it makes itself.
 * `seqno`: how far its own data goes; `at`: now, ISO 8601.
 */
export function goAlong(ledger: Ledger, peers: readonly Observation[], decision: Forking, seqno: bigint | null, epoch: number, at: string): Ledger {
  const makes = decision.do === 'bootstrap' || decision.do === 'repair'
  const counted = peers.filter((peer) => peer.kind !== 'silent' && !(makes && decision.leftBehind.includes(peer.name)))
  const told = counted.flatMap((peer) => (peer.kind === 'silent' ? [] : peer.forks))
  const own = makes && decision.uuid !== null ? forksOf(decision.without, { at, epoch, uuid: decision.uuid, seqno: decision.seqno, view: newestKnown(ledger, counted, decision.uuid) }) : []
  // Who starts as the first and fails was in no later view.
  const known = decision.do === 'bootstrap' ? ledger : forgetCutOff(ledger)
  const intended = recordIntent(leaveHistory(recordForks(known, told), decision.uuid), seqno, own)
  // A flag that the decision went by was Galera's own.
  const flags = decision.do === 'bootstrap' && decision.uuid !== null && decision.rule !== 'last-member'
  return flags ? recordFlag(intended, decision.seqno) : intended
}

const forksOf = (without: readonly Uncounted[], point: Pick<Fork, 'at' | 'epoch' | 'uuid' | 'seqno' | 'view'>): readonly Fork[] =>
  without.map(({ names, why, reason }) => ({ ...point, without: names, why, reason, into: null }))

function newestKnown(ledger: Ledger, peers: readonly Observation[], uuid: string): bigint | null {
  const told = [ledger.view, ...peers.map((peer) => (peer.kind === 'silent' ? null : peer.view))]
  const views = told.flatMap((view) => (view?.uuid === uuid ? [view] : []))
  return views.length === 0 || views.some(({ seqno }) => seqno === null) ? null : newestSeqno(views)
}
