import type { ErrorShape } from '../../errors.ts'
import { isHistory } from '../gtid.ts'
import type { Effect, Step } from './effect.ts'
import type { Input } from './input.ts'
import { isForeign } from './learn.ts'
import { after, ask, end, launchOf } from './moves.ts'
import { lacksStateForGood, leave, outsideIsDue, settleRepair, watchState } from './outside.ts'
import { isUp } from './report.ts'
import type { Joining, State } from './state.ts'
import { watch } from './watching.ts'

type Looked = Extract<Input, { in: 'looked' }>

/** Milliseconds; SQL is answered only after the group was joined, so any is long. */
const LONGEST_OUTSIDE = 1_000

/**
 * Galera waits for ever for the members of a restored view. Where they do not come, because one of them
 * has lost its gvwstate.dat or died meanwhile, all must ask and decide anew. Milliseconds.
 */
const LONGEST_REFORM = 30_000

/**
 * So many looks, a second apart, without any sign of work: a server whose group communication lives reads a keepalive each second, also
 * while it waits for a state transfer, prepares one or replays [ran].
 */
const LONGEST_IDLE = 30
const SIGNS_INTERVAL = 1_000

/** How often a running node looks at the others, milliseconds. */
const PEERS_INTERVAL = 5_000

/** What a server that runs needs: to be ended, to be asked about, to be left alone. */
export function tend(old: State, input: Looked): Step {
  const { state, effects } = settleRepair(old, input)
  return after(effects, tendSettled(state, input))
}

function tendSettled(before: State, input: Looked): Step {
  const old = watchState(before, input)
  // What went wrong before it came up is over.
  const state = old.failure !== null && old.joining === null && isUp(old, input.now) ? { ...old, failure: null } : old
  const { status, joining, outsideSince } = state
  const { now, look } = input
  if (outsideSince !== null && now - outsideSince >= LONGEST_OUTSIDE) return end(state, false, leftGroup(look))
  const wrong = wrongHistory(state)
  if (wrong !== null) return end(state, true, wrong.error, { do: 'log', level: 'fatal', text: 'mariadbd is stopped: Primary with the wrong history', detail: wrong.detail })
  if (joining !== null && isUp(state, now)) return up(state, now)
  if (lacksStateForGood(state, now)) return leave(state, 'nobody in its component has the complete state of the cluster')
  if (outsideIsDue(state, now)) return ask({ ...state, peersSeen: now }, true)
  const since = state.nonPrimarySince
  if (since === null && joining !== null && launchOf(state) === 'reform' && look.sql === 'closed' && !look.transfer && now - joining.since > LONGEST_REFORM) return giveUpReform(state)
  if (joining?.unjoined === true && status === null) return tendJoining(state, input, joining)
  if (status?.primary === true && now - state.peersSeen >= PEERS_INTERVAL) return ask(state, false)
  return watch(state, now)
}

/** Nobody may be Primary any more: then this server waits in vain. */
function tendJoining(state: State, { now, look }: Looked, joining: Joining): Step {
  const seen = signsOf(joining, look, now)
  const known: State = seen === joining ? state : { ...state, joining: seen }
  if (seen.idle >= LONGEST_IDLE && launchOf(state) !== null) return end(known, true, hangs(state.settings.name, look.log))
  return launchOf(state) === 'join' && now >= joining.nextAsk ? ask(known, false) : watch(known, now)
}

/** Looks are counted, not seconds: an agent that was stopped itself has not seen the server idle. */
function signsOf(joining: Joining, { work, transfer }: Looked['look'], now: number): Joining {
  const received = joining.received || transfer
  if (work === '' || now - joining.workSeen < SIGNS_INTERVAL) return joining.transfer === transfer ? joining : { ...joining, transfer, received }
  return { ...joining, transfer, received, work, workSeen: now, idle: work === joining.work ? joining.idle + 1 : 0 }
}

const hangs = (name: string, log: string): ErrorShape => ({ code: 'server-hangs', exitCode: 5, message: `mariadbd of ${name} hangs: for ${LONGEST_IDLE} s it used no CPU time, read and wrote nothing, and no transfer moves; it was killed`, hint: `Nothing to do if the agent succeeds now; else look at the storage (dmesg) and at ${log}.` })

/** Synced in the component that it was to join. */
function up(state: State, now: number): Step {
  const { server } = state
  const settle: readonly Effect[] = server !== null && server.launch !== null ? [{ do: 'settle-launch', server }] : []
  const settled: State = {
    ...state, server: server === null ? null : { ...server, launch: null }, launched: null, joining: null, madeEmpty: false, datadir: null,
    askingSince: null, override: null, failure: null, upSince: now, round: 0, refusals: 0, turnSince: null,
  }
  return after(settle, watch(settled, now))
}

function giveUpReform(state: State): Step {
  const { joining } = state
  const viewId = joining?.decision?.do === 'reform' ? joining.decision.viewId : (state.datadir?.gvwstate?.viewId ?? null)
  const givenUpViews = viewId === null ? state.givenUpViews : [...state.givenUpViews, viewId]
  // SIGKILL: it serves nothing, and a graceful stop would remove gvwstate.dat.
  return end({ ...state, givenUpViews }, true, { code: 'not-re-formed', exitCode: 5, message: `the view did not re-form within ${LONGEST_REFORM / 1000} s`, hint: 'Nothing to do: the peers are asked again. See galeractl explain.' })
}

/**
 * Galera that could not join ("Receiving IST failed, node restart required"), or was voted out as inconsistent, leaves the group for good
 * while mariadbd goes on to answer SQL [ran]: only a restart helps.
 */
const leftGroup = ({ errors, log }: Looked['look']): ErrorShape => ({ code: 'left-group', exitCode: 5, message: `mariadbd left the group and would not come back by itself: ${errors[0] ?? 'its log shows no error'}`, hint: `Nothing to do if the agent succeeds now; else read ${log}.` })

function wrongHistory(state: State): { readonly error: ErrorShape; readonly detail: Readonly<Record<string, unknown>> } | null {
  const { status, joining, ledger } = state
  if (status === null || !status.primary) return null
  const actual = status.stateUuid
  const expected = joining?.decision?.uuid ?? ledger.history
  const wrong = joining?.decision === null || joining === null ? isForeign(state, status) : !isHistory(actual) || (expected !== null && expected !== actual)
  if (!wrong) return null
  const error = { code: 'wrong-history', exitCode: 3, message: `mariadbd came up Primary with history ${actual}${expected === null ? '' : `, expected ${expected}`}; it was stopped at once`, hint: 'Stop all nodes with galeractl stop, then start them with galeractl start; see galeractl explain.' }
  return { error, detail: { expected, actual } }
}
