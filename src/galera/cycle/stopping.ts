import { recordDeparture, recordLeaving } from '../ledger.ts'
import type { Effect, Step } from './effect.ts'
import { fromStopped } from './bring-up.ts'
import type { Input, Moment } from './input.ts'
import { formerView, isForeign } from './learn.ts'
import { begin, fail, lookLater, mannerOf, pauseUntil, read, say, WATCH_INTERVAL, withoutServer } from './moves.ts'
import type { State } from './state.ts'

type On<Kind extends Input['in']> = Extract<Input, { in: Kind }>

/** The last look before a stop: the ledger learns the newest view, which a graceful stop removes from the disk. */
export function endForStop(state: State, input: On<'looked'>): Step {
  const { server, stop, settings, status } = state
  if (server === null || stop === null) return { state, effects: [] }
  const ledger = input.unwritten === undefined && !(status !== null && isForeign(state, status)) ? formerView(state, input.look, status) : state.ledger
  const manner = mannerOf(state, stop.timeout || settings.stopTimeout)
  // Durably before the signal: a server that dies while it stops may have left in order.
  const stopping = say({ ...state, ledger: recordLeaving(ledger, status?.primary === true), status: null }, 'stopping', `stopping mariadbd, at most ${manner.patience / 1000} s`)
  const nodeUuid = status?.nodeUuid ?? null
  return begin(stopping, { at: 'ending', why: null, nodeUuid }, (op) => ({ do: 'end', op, server, kill: false, ...manner }))
}

/** Asked to stop once more, with less patience, while the server is being ended. */
export function endSooner(state: State, timeout: number): Step {
  const { server, task } = state
  if (server === null || task.at !== 'ending') return { state, effects: [] }
  return begin(state, task, (op) => ({ do: 'end', op, server, kill: false, ...mannerOf(state, timeout) }))
}

/** The server has ended: as a stop wanted it, or for a reason that is told now. */
export function onEnded(state: State, input: On<'ended'>): Step {
  const { task, stop } = state
  if (task.at !== 'ending') return { state, effects: [] }
  const left = withoutServer(state)
  if (stop === null) return task.why === null ? fromStopped(left, input) : fail(left, input, task.why)
  if (!input.clean) return stopped(say(left, 'stopped', 'mariadbd did not end in time and was killed'), input, false)
  return begin(left, { at: 'recording-stop', clean: input.clean, nodeUuid: task.nodeUuid }, (op) => ({ do: 'read-clean-stop', op }))
}

/** Where it stopped is kept, so that no recovery is needed; and every peer is told, for nobody may be able to ask this node later. */
export function onCleanStop(state: State, input: On<'clean-stop'>): Step {
  const { task, settings } = state
  if (task.at !== 'recording-stop') return { state, effects: [] }
  const { position } = input
  const done = say(state, 'stopped', 'stopped')
  if (position === null || input.unwritten !== undefined) return stopped(done, input, task.clean)
  const recorded: State = { ...done, ledger: recordDeparture(state.ledger, { at: input.at, position }) }
  const { nodeUuid } = task
  if (nodeUuid === null) return stopped(recorded, input, task.clean)
  const departure = { name: settings.name, nodeUuid, ...position }
  return begin(recorded, { at: 'announcing-stop', clean: task.clean }, (op) => ({ do: 'announce', op, departure }))
}

export function onAnnounced(state: State, moment: Moment): Step {
  return state.task.at === 'announcing-stop' ? stopped(state, moment, state.task.clean) : { state, effects: [] }
}

/** Told to whoever asked for it. An agent that stays reads its position for its peers; one that was told to start meanwhile does so. */
export function stopped(state: State, moment: Moment, clean: boolean): Step {
  const told: readonly Effect[] = [{ do: 'stopped', clean, error: null }]
  const quit = state.stop?.quit === true
  const done: State = { ...state, stop: null, failure: null, failures: 0 }
  if (quit && done.intent === 'stay') return { state: { ...pauseUntil(done, { at: 'resting' }, moment.now), wakeAt: null }, effects: told }
  return read(done, moment.now, ...told)
}

/** The server could not be ended. Where nobody can see whether it has, it is looked at again; else whoever asked is told, and it is watched on. */
export function stopFailed(state: State, input: On<'failed'>): Step {
  if (input.error.code === 'process-unknown') return lookLater(state, input)
  const watched = pauseUntil({ ...state, stop: null, failure: { ...input.error } }, { at: 'watching' }, input.now + WATCH_INTERVAL)
  return { state: watched, effects: [{ do: 'stopped', clean: false, error: input.error }] }
}
