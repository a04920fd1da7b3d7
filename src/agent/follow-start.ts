import { type ErrorShape, NotYetError } from '../errors.ts'
import type { State } from '../galera/cycle/state.ts'

export type Outcome = { readonly done: string } | { readonly error: ErrorShape }

/** What is seen of a node that starts. */
export interface Followed {
  readonly state: Pick<State, 'intent' | 'phase' | 'message' | 'decision' | 'failure'>
  readonly synced: boolean
  readonly loop: { readonly events: { on(event: 'change', look: () => void): unknown; off(event: 'change', look: () => void): unknown } }
}

/** How often a wait shows that it goes on, milliseconds. */
const STILL_WAITING = 10_000

const GLANCE = 250

const isUp = (node: Followed) => node.state.intent === 'start' && node.state.phase === 'running' && node.synced

/** Follows the node until it is Synced, refused, has no peer list to start with, or time (milliseconds) is up. */
export function followStart(node: Followed, timeout: number, tell: (progress: string) => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const end = (line: Outcome) => {
      clearTimeout(timer)
      clearInterval(clock)
      clearInterval(glance)
      node.loop.events.off('change', look)
      resolve(line)
    }
    // An attempt that failed before says nothing of this start, and one that fails may be a moment's: the agent tries again. A refusal stands.
    const stale = node.state.failure?.exitCode === 3 ? null : node.state.failure
    const failures = new Set<ErrorShape>()
    const look = () => {
      const { phase, decision, message } = node.state
      const failure = node.state.failure === stale ? null : node.state.failure
      if (failure !== null) failures.add(failure)
      if (isUp(node)) end({ done: 'Synced' })
      else if (failure !== null && (failure.exitCode !== 5 || failures.size >= 2)) end({ error: failure })
      else if (phase === 'waiting' && decision?.rule === 'no-peer-list') end({ done: 'no peer list yet: the agent waits for the first subscribe' })
      else if (phase !== 'stopped') tell(message)
    }
    const timer = setTimeout(() => end({ error: outOfTime(node, timeout) }), timeout)
    const started = performance.now()
    const clock = setInterval(() => tell(`${node.state.message} (${Math.round((performance.now() - started) / 1000)} of ${timeout / 1000} s)`), STILL_WAITING)
    // It may be Synced again without a word.
    const glance = setInterval(() => isUp(node) && end({ done: 'Synced' }), GLANCE)
    node.loop.events.on('change', look)
    look()
  })
}

function outOfTime(node: Followed, timeout: number): ErrorShape {
  const { decision, message } = node.state
  const hint = decision !== null && 'hint' in decision ? decision.hint : 'See galeractl status and galeractl explain.'
  return new NotYetError('not-yet', `not Synced within ${timeout / 1000} s, the agent goes on: ${message}`, hint).toShape()
}
