import type { EventStream } from './event-stream.ts'
import type { Node } from './node.ts'

/** Milliseconds. */
const INTERVAL = 500
/** How long mariadbd may take to tell of a view that the agent has seen. */
const PATIENCE = 1_500

/**
 * mariadbd tells nothing of a view while a member's name or address has characters that a shell could take for its own
 * (MDEV-39721) [ran: 10.11.19]. The agent sees that view in the server's tables: what is not told in time is an event from there.
 */
export function watchUntold(node: Node, stream: EventStream): Disposable {
  let missing: { readonly members: string; readonly since: number } | null = null
  const look = async () => {
    const { ledger: { view }, status, viewKnown, statusAt } = node.state
    // The server was asked after the last event, so its view is not an older one.
    const seen = status?.primary === true && viewKnown && statusAt > stream.changedAt
    // What is told waits in the spool while the log can't be written.
    if (view === null || !seen || node.counts.spoolFailing || stream.knows(view)) {
      missing = null
      return
    }
    const members = view.members.map(({ uuid }) => uuid).join()
    if (missing?.members !== members) missing = { members, since: performance.now() }
    else if (performance.now() - missing.since >= PATIENCE) await stream.add(view, new Date().toISOString())
  }
  let failing = false
  const lookAgain = async () => {
    try {
      await look()
      failing = false
    } catch (error) {
      if (!failing) node.log.error({ err: error }, 'the event log can not be written')
      failing = true
    }
  }
  const timer = setInterval(() => void lookAgain(), INTERVAL)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
