import type { ErrorShape } from '../../errors.ts'
import type { Effect, Step } from './effect.ts'
import { recordNodeUuid } from '../ledger.ts'
import { fromStopped } from './bring-up.ts'
import type { Input, Look } from './input.ts'
import { learn } from './learn.ts'
import { after, begin, fail, lookLater, read, say, withoutServer } from './moves.ts'
import { confirmOutside, decideOutside } from './outside.ts'
import type { Rules } from './rules.ts'
import type { Handle, Joining, State } from './state.ts'
import { endForStop, stopped } from './stopping.ts'
import { tend } from './tend.ts'

type Looked = Extract<Input, { in: 'looked' }>

/** A server that was up for so long is started again without a longer pause, milliseconds. */
const LONG_UP = 60_000

/** What a look at the gear's server leads to. An unknown is no death: nothing is concluded from it. */
export function onLook(state: State, input: Looked, rules: Rules): Step {
  const { task } = state
  const { look } = input
  if (task.at !== 'looking' && task.at !== 'confirming') return { state, effects: [] }
  const server = look.server === 'unknown' ? state.server : look.server
  if (server === null && look.server === 'unknown') return lookLater(state, input)
  if (server === null) return state.server === null ? withNone(state, input) : gone(state, input)
  const taken = state.server !== null && isSame(state.server, server) ? state : takenOver(state, input, server)
  const learned = learn(taken, look, input)
  const seen = taken === state ? learned.effects : [tookOver(server), ...learned.effects]
  if (state.stop !== null) return after(seen, endForStop(learned.state, input))
  const decided = task.at === 'confirming' ? confirmOutside(learned.state, input, task, rules) : task.purpose === 'decide' ? decideOutside(learned.state, input, rules) : null
  const undecided: State = task.at === 'confirming' ? { ...learned.state, repairing: false } : learned.state
  return after(seen, decided ?? tend(undecided, input))
}

const isSame = (a: Handle, b: Handle): boolean => a.pid === b.pid && a.startTime === b.startTime

const withNone = (state: State, input: Looked): Step => (state.stop === null ? fromStopped(state, input) : stopped(say(state, 'stopped', 'mariadbd is not running'), input, true))

/** A server that runs already, of an earlier agent or started by hand, is watched like our own. */
function takenOver(state: State, { now }: Looked, server: Handle): State {
  const joining = { decision: null, since: now, nextAsk: now, nobody: 0, work: '', workSeen: now, idle: 0, transfer: false, received: false, unjoined: false }
  const taken: State = { ...withoutServer(state), datadir: state.datadir, server, joining, madeEmpty: false, ...(state.stop === null ? { intent: 'start' as const, failure: null } : {}) }
  return say(taken, state.stop === null ? 'joining' : state.phase, tookOver(server).text)
}

const tookOver = ({ pid }: Handle) => ({ do: 'log', level: 'info', text: `took over the running mariadbd (pid ${pid})` }) as const

/** It has ended by itself. */
function gone(state: State, input: Looked): Step {
  const { joining, stop } = state
  const givenUpViews = joining?.decision?.do === 'reform' ? [...state.givenUpViews, joining.decision.viewId] : state.givenUpViews
  // No gvwstate.dat was there when it was launched, but to re-form: what is there now is its own.
  const own = joining !== null && joining.decision !== null && input.unwritten === undefined ? input.look.gvwstate : null
  const ledger = own === null ? state.ledger : recordNodeUuid(state.ledger, own.myUuid)
  const left: State = { ...withoutServer(state), ledger, givenUpViews }
  // It has ended meanwhile, as it was to: grastate.dat tells whether in order.
  if (stop !== null) return begin(left, { at: 'recording-stop', clean: true, nodeUuid: state.status?.nodeUuid ?? null }, (op) => ({ do: 'read-clean-stop', op }))
  if (joining !== null) return fail(left, input, unlessInVain(state, joining, input.look))
  const failures = input.now - state.upSince > LONG_UP ? 0 : state.failures
  const pause = Math.min(LONG_UP, 250 * 2 ** Math.min(20, failures))
  const text = 'mariadbd ended unexpectedly; it is started again'
  const log: Effect = { do: 'log', level: 'error', text }
  return read({ ...say(left, 'waiting', text), failures: failures + 1 }, input.now + pause, { do: 'count-crash' }, log)
}

/** A whole state that a server has received and cannot start on will not help the next time either, and its donor pays for it. */
function unlessInVain({ failure, settings }: State, { received, decision }: Joining, look: Look): ErrorShape {
  const error = endedWhileJoining(look)
  const [cause] = look.errors
  // What the transfer itself failed on, as a network does, may be over by the next one.
  if (!received || decision?.do !== 'join' || cause === undefined || cause.startsWith('WSREP') || look.refusedBy !== null || failure?.message !== error.message) return error
  return { code: 'sst-in-vain', exitCode: 3, message: `${settings.name} has received the whole state, and mariadbd ended for the same reason as before: ${cause}; no further full SST is taken unasked`, hint: `Fix the cause (see ${look.log}), then galeractl start.` }
}

function endedWhileJoining({ errors, log, refusedBy }: Look): ErrorShape {
  if (refusedBy !== null) return { code: 'sst-failed', exitCode: 5, message: `mariadbd ended, for ${refusedBy.from} could not send its state: ${refusedBy.text}`, hint: `Nothing to do where that was a moment's: the node asks again. Else read the server's log of ${refusedBy.from}.` }
  return { code: 'server-ended', exitCode: 5, message: `mariadbd ended while it started: ${errors[0] ?? 'its log shows no error'}`, hint: `Read ${log}.` }
}
