import type { ErrorShape } from '../../errors.ts'
import type { Decision } from '../decision.ts'
import { joinsBefore } from '../join-turn.ts'
import { recordDecision } from '../ledger.ts'
import type { Down } from '../observation.ts'
import { isOvertaken } from '../restored.ts'
import type { Effect, Step } from './effect.ts'
import { hear, sameFacts } from './hearing.ts'
import type { Input, Moment } from './input.ts'
import { after, ask, begin, fail, pause, pauseUntil, read, rest, say, unwrittenError } from './moves.ts'
import { ordersOf, reportDown } from './report.ts'
import type { Rules } from './rules.ts'
import type { State } from './state.ts'

/** A stopped node: position, ask, decide. */

/** A refusal stands when it was reached this often in a row, so that a moment's picture of a changing cluster refuses nothing. */
const REFUSALS = 4

/** How long a node lets others join before itself, milliseconds. */
const LONGEST_TURN = 5_000

/** How long a position that could not be read stands before it is tried again, milliseconds. */
const UNKNOWN_STANDS = 10_000

/** Those who are waited for stop by themselves as soon as they have looked at the others. */
const NUDGED: ReadonlySet<string> = new Set(['replaced-runs', 'left-behind-primary'])

type On<Kind extends Input['in']> = Extract<Input, { in: Kind }>

/** No server runs: the position is read once for each stop; what could not be read is tried again. */
export function fromStopped(state: State, moment: Moment): Step {
  const { datadir, intent } = state
  const stale = datadir?.data.kind === 'unknown' && moment.now - state.readAt >= UNKNOWN_STANDS
  if (intent === 'stay') return datadir === null || stale ? read(state, moment.now) : rest(state, moment)
  const overtaken = refusalOfOvertaken(state, moment)
  if (overtaken !== null) return fail(state, moment, overtaken)
  const asking = state.askingSince === null ? { ...state, askingSince: moment.now } : state
  if (datadir === null) return read(say(asking, 'reading position', 'reading the position of the data'), moment.now)
  if (stale) return read(asking, moment.now)
  return ask(asking.phase === 'waiting' ? asking : say(asking, 'asking peers', 'asking the other nodes'), true)
}

function refusalOfOvertaken({ ledger, startsRestored }: State, { at }: Moment): ErrorShape | null {
  const { restored, forks, history } = ledger
  if (startsRestored || !isOvertaken(ledger, at)) return null
  const what = forks.findLast(({ into }) => into === history)
  return { code: 'restore-overtaken', exitCode: 3, message: `${what?.reason ?? 'a snapshot'} was restored here and should have started before ${restored?.until}: the others may have gone on with what it replaces`, hint: 'To replace what they hold now: galeractl start --restored. To drop the restored data: move data/ and state/ledger.json aside, then galeractl setup and galeractl start.' }
}

export function onRead(state: State, input: On<'read'>): Step {
  const first = state.datadir === null
  const known: State = { ...state, datadir: input.datadir, readAt: input.now }
  const damage = first ? input.datadir.damaged.map((text): Effect => ({ do: 'log', level: 'warn', text })) : []
  const resumeAt = state.task.at === 'reading' ? state.task.resumeAt : input.now
  if (known.intent === 'stay') return rest(known.failure === null ? say(known, 'stopped', 'stopped; the agent answers peers') : known, input, ...damage)
  if (resumeAt > input.now) return { state: pauseUntil(known, { at: 'backing-off' }, resumeAt), effects: damage }
  return after(damage, fromStopped(known, input))
}

/** Everybody was asked: decides, records the decision, and does what it says. */
export function onHeardStopped(old: State, input: On<'heard'>, rules: Rules): Step {
  const { state, effects } = hear(old, input)
  if (input.unwritten !== undefined) return fail(state, input, unwrittenError(input.unwritten))
  const self = reportDown(state, input)
  const orders = ordersOf(state, input.now)
  const known = sameFacts(state, self, orders.majority)
  const decision = (known ?? rules.decide({ self, peers: state.observations, orders })) as Decision
  const considered = known === null ? { self, observations: state.observations, majority: orders.majority, override: state.override, decision } : state.considered
  const ledger = recordDecision(state.ledger, decision, input.at)
  return after(effects, carryOut({ ...state, decision, considered, ledger }, input, self, decision))
}

function carryOut(state: State, moment: Moment, self: Down, decision: Decision): Step {
  const refusals = decision.do === 'refuse' ? state.refusals + 1 : 0
  const counted = refusals === state.refusals ? state : { ...state, refusals }
  if (decision.do === 'refuse') return refusals >= REFUSALS ? fail(counted, moment, refusal(decision)) : pause(counted, moment)
  if (decision.do === 'wait') {
    const nudge: readonly Effect[] = NUDGED.has(decision.rule) ? [{ do: 'nudge', names: decision.for }] : []
    return pause(say(counted, 'waiting', decision.reason), moment, ...nudge)
  }
  const before = decision.do === 'join' ? joinsBefore({ self, peers: state.observations }) : []
  const turnSince = state.turnSince ?? moment.now
  if (before.length > 0 && moment.now - turnSince < LONGEST_TURN) {
    return pause(say({ ...counted, turnSince }, 'waiting', `letting ${before.join(', ')} join first`), moment)
  }
  return begin(counted, { at: 'preparing', decision, self }, (op) => ({ do: 'prepare', op }))
}

const refusal = (decision: Extract<Decision, { do: 'refuse' }>): ErrorShape => ({ code: decision.rule, exitCode: 3, message: decision.reason, hint: decision.hint })

