import type { ErrorShape } from '../../errors.ts'
import { findAlarms } from '../alarms.ts'
import { describeFork } from '../fork.ts'
import { recordForks } from '../ledger.ts'
import { leftBehindAt } from '../left-behind.ts'
import type { Observation } from '../observation.ts'
import type { Effect, Step } from './effect.ts'
import { hear } from './hearing.ts'
import type { Input } from './input.ts'
import { after, end, launchOf, look } from './moves.ts'
import { report } from './report.ts'
import type { Joining, State } from './state.ts'
import { watch } from './watching.ts'

type Heard = Extract<Input, { in: 'heard' }>

/** Everybody was asked while the own server runs. */
export function onHeardRunning(old: State, input: Heard): Step {
  const { state, effects } = hear(old, input)
  return after(effects, state.nonPrimarySince !== null ? look(state, 'decide') : considered(state, input))
}

function considered(state: State, input: Heard): Step {
  if (state.status?.primary === true) return watchPeers({ ...state, peersSeen: input.now }, input)
  if (state.joining?.unjoined === true && state.status === null && launchOf(state) === 'join') return endIfHopeless(state, input, state.joining)
  return watch(state, input.now)
}

/** A running node looks whether the others are still one cluster with it; alarms go to the log, the status and its exit code. */
function watchPeers(state: State, input: Heard): Step {
  const self = report(state, input)
  if (self.kind !== 'primary') return watch(state, input.now)
  const { observations } = state
  const fork = leftBehindAt(self, observations)
  if (fork !== null) return end(state, false, leftBehindError(describeFork(fork)))
  const told = observations.flatMap((peer) => (peer.kind === 'primary' && peer.uuid === self.uuid ? peer.forks : []))
  const ledger = input.unwritten === undefined ? recordForks(state.ledger, told) : state.ledger
  const alarms = findAlarms(self, observations)
  const known = new Set(state.alarms.map(({ message }) => message))
  const news = alarms.filter(({ message }) => !known.has(message)).map((alarm): Effect => ({ do: 'log', level: 'fatal', text: alarm.message, detail: { alarm } }))
  return after(news, watch({ ...state, ledger, alarms: alarms.length === 0 && state.alarms.length === 0 ? state.alarms : alarms }, input.now))
}

const leftBehindError = (fork: string): ErrorShape => ({ code: 'left-behind', exitCode: 5, message: `${fork}; mariadbd was stopped`, hint: 'Nothing to do: its data is moved aside, and it takes the state anew. See galeractl rescued.' })

/** Then how often the peers are asked, milliseconds. */
const INTERVAL = 1_000

/** So many times in a row all must have said that they are not Primary: one of them may be on its way there. */
const LOOKS = 2

/**
 * The same while a script of a state transfer runs: it may be at what it has received. One that waits for a donor that has left gives up after
 * five minutes only, and all others would wait for it so long [ran].
 */
const LOOKS_BESIDE_SCRIPT = 10

/**
 * Galera waits 30 s (pc.wait_prim_timeout) for a primary component that may have ended meanwhile, and the others
 * wait for this node's start to end. Where all say that none is there, the server, which serves nothing yet, is ended.
 */
function endIfHopeless(state: State, input: Heard, joining: Joining): Step {
  const nobody = state.observations.every(servesNobody) ? joining.nobody + 1 : 0
  const known: State = { ...state, joining: { ...joining, nobody, nextAsk: input.now + INTERVAL } }
  if (nobody < (joining.transfer ? LOOKS_BESIDE_SCRIPT : LOOKS)) return watch(known, input.now)
  // SIGTERM is not heeded in that wait [ran].
  return end(known, true, { code: 'nobody-primary', exitCode: 5, message: 'the primary component that this node was joining has ended', hint: 'Nothing to do: the peers are asked again. See galeractl explain.' })
}

/** A donor whose SQL does not answer is no such: it may be sending. */
function servesNobody(peer: Observation): boolean {
  if (peer.kind === 'down') return peer.data.kind !== 'unknown' && (peer.launched === null || peer.launched === 'join')
  return peer.kind === 'non-primary' && !peer.repairing
}
