import type { Launchable } from '../go-along.ts'
import { NIL_UUID, UNDEFINED_SEQNO } from '../gtid.ts'
import { recordJoining, recordLaunch } from '../ledger.ts'
import type { Step } from './effect.ts'
import type { Input } from './input.ts'
import { begin, fail, look, say, unchanged, unwrittenError } from './moves.ts'
import { reportDown } from './report.ts'
import type { Rules } from './rules.ts'
import type { State } from './state.ts'

type On<Kind extends Input['in']> = Extract<Input, { in: Kind }>

/**
 * Data goes aside before the ledger knows of it: a ledger that knows a fork says that this node's data went through it, and one that
 * says that the node joins says that its data may be half of a transfer.
 */
export function goFirst(old: State, input: Input, decision: Launchable, epoch: number, rules: Rules): Step {
  const state: State = { ...old, launched: decision.do }
  if (decision.do !== 'join') return recordLaunching(state, input, decision, epoch, rules)
  const { aside: fork } = decision
  const { madeEmpty } = state
  const data = state.datadir?.data ?? null
  return begin(state, { at: 'making-room', decision, epoch }, (op) => ({ do: 'make-room', op, fork, data, madeEmpty }))
}

export function onRoomMade(state: State, input: On<'room-made'>, rules: Rules): Step {
  const { task } = state
  if (task.at !== 'making-room') return unchanged(state)
  const { decision, epoch } = task
  const moved = decision.do === 'join' && decision.aside !== null
  return recordLaunching({ ...state, madeEmpty: input.madeEmpty, datadir: moved ? null : state.datadir }, input, decision, epoch, rules)
}

/** What is begun is in the ledger before it is begun. gvwstate.dat may know a newer view, and is about to go. */
function recordLaunching(state: State, input: Input, decision: Launchable, epoch: number, rules: Rules): Step {
  if (state.stop !== null) return look({ ...state, launched: null }, 'tend')
  if (input.unwritten !== undefined) return fail(state, input, unwrittenError(input.unwritten))
  const data = state.datadir?.data
  const seqno = data?.kind === 'position' ? data.seqno : null
  const position = data?.kind === 'position' ? { uuid: data.uuid, seqno: data.seqno } : { uuid: NIL_UUID, seqno: UNDEFINED_SEQNO }
  const { view } = reportDown(state, input)
  const ready = recordJoining(recordLaunch(state.ledger, view), decision.do === 'join')
  const ledger = rules.goAlong(ready, state.observations, decision, seqno, epoch, input.at)
  const online = state.observations.filter(({ kind }) => kind !== 'silent').map(({ name }) => name)
  const launching = say({ ...state, ledger }, 'launching', describeLaunch(decision))
  return begin(launching, { at: 'launching', decision }, (op) => ({ do: 'launch', op, decision, position, online }))
}

function describeLaunch(decision: Launchable): string {
  if (decision.do === 'join') return `starting mariadbd to join ${decision.via.join(', ')}`
  if (decision.do === 'reform') return `starting mariadbd to re-form the view of ${decision.members.join(', ')}`
  return decision.uuid === null ? 'starting mariadbd with a new history' : `starting mariadbd as the first, at ${decision.uuid}:${decision.seqno}`
}

/** How long a joining server is left alone before the peers are asked whether anybody is Primary, milliseconds. */
const FIRST_ASK = 2_000

export function onLaunched(state: State, input: On<'launched'>): Step {
  const { task } = state
  if (task.at !== 'launching') return unchanged(state)
  const { now } = input
  const joining = { decision: task.decision, since: now, nextAsk: now + FIRST_ASK, nobody: 0, work: '', workSeen: now, idle: 0, transfer: false, received: false, unjoined: true }
  return look({ ...state, server: input.server, joining, peersSeen: now }, 'tend')
}
