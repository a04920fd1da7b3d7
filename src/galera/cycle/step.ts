import { onHeardStopped, onRead } from './bring-up.ts'
import { onCommand } from './commands.ts'
import type { Step } from './effect.ts'
import { onAnswers, onPrepared } from './fenced.ts'
import { onHeardRunning } from './heard.ts'
import type { Input, Result } from './input.ts'
import { onLaunched, onRoomMade } from './launching.ts'
import { onLook } from './looked.ts'
import { onMessage } from './messages.ts'
import { after, fail, look, lookLater, unchanged, unwrittenError } from './moves.ts'
import { onRepaired, repairFailed } from './outside.ts'
import { type Rules, SHIPPED } from './rules.ts'
import type { State } from './state.ts'
import { onAnnounced, onCleanStop, onEnded, stopFailed } from './stopping.ts'

/**
 * One step of an agent's cycle: pure. The new state becomes true when its ledger is on the disk, and only then are
 * the effects carried out. Where the ledger cannot be written, the same input comes again with `unwritten`, and
 * leaves the ledger as it is.
 */
export function step(state: State, input: Input, rules: Rules = SHIPPED): Step {
  switch (input.in) {
    case 'tick':
      return state.wakeAt === null || input.now < state.wakeAt ? unchanged(state) : look(state, 'tend')
    case 'proposal':
    case 'departure':
    case 'nudge-peers':
      return onMessage(state, input, rules)
    case 'start':
    case 'stop':
    case 'override':
    case 'settings':
    case 'nudge':
    case 'observed':
      return onCommand(state, input)
    default:
      return input.op === state.op ? onResult(state, input, rules) : unchanged(state)
  }
}

function onResult(state: State, input: Extract<Input, Result>, rules: Rules): Step {
  switch (input.in) {
    case 'looked':
      return onLook(state, input, rules)
    case 'read':
      return onRead(state, input)
    case 'heard':
      return state.task.at === 'asking' ? onHeardStopped(state, input, rules) : onHeardRunning(state, input)
    case 'prepared':
      return onPrepared(state, input, rules)
    case 'answered':
      return onAnswers(state, input, rules)
    case 'room-made':
      return onRoomMade(state, input, rules)
    case 'launched':
      return onLaunched(state, input)
    case 'repaired':
      return onRepaired(state, input)
    case 'ended':
      return onEnded(state, input)
    case 'clean-stop':
      return onCleanStop(state, input)
    case 'announced':
      return onAnnounced(state, input)
    case 'failed':
      return onFailed(state, input)
    default:
      input satisfies never
      return unchanged(state)
  }
}

/** An effect failed: a stop goes on without it, a start is tried again. */
function onFailed(state: State, input: Extract<Input, { in: 'failed' }>): Step {
  const { task } = state
  if (task.at === 'recording-stop') return onCleanStop(state, { ...input, in: 'clean-stop', position: null })
  if (task.at === 'ending' && state.stop !== null) return stopFailed(state, input)
  // Nothing is concluded from a look that failed.
  if (task.at === 'looking' || task.at === 'confirming') return lookLater({ ...state, repairing: false }, input)
  if (state.stop !== null) return look(state, 'tend')
  if (task.at === 'repairing') {
    const { state: next, effects } = repairFailed(state, input.error.message)
    return after(effects, look(next, 'tend'))
  }
  return fail(state, input, input.unwritten === undefined ? input.error : unwrittenError(input.unwritten))
}
