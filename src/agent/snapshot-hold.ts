import { request } from 'node:http'
import { type ErrorShape, OutsideError, ReportedError } from '../errors.ts'
import { isErrno } from '../system/files.ts'
import { waitFor, within } from '../system/wait.ts'
import { askAgent } from './control-client.ts'

/** How long the agent may take to sync the node again, milliseconds. */
const SYNCED_WITHIN = 30_000
const ANSWERED_WITHIN = 5_000

/** The agent keeps the node fit for a snapshot as long as this is held, and as this process lives. */
export interface SnapshotHold extends AsyncDisposable {
  /** How the node is while it is held, for people. */
  readonly reason: string
  /** Aborted when agent or server ended meanwhile. */
  readonly lost: AbortSignal
}

/**
 * Asks the gear's agent to desync the node, where that harms nobody. `warn` is told where it stays desynced.
 * @throws ReportedError with the rule that does not allow it; OutsideError `no-agent`, `agent-ended`; the reason of `signal`
 */
export async function holdSnapshot(socket: string, lastWriter: boolean, warn: (text: string) => void, signal: AbortSignal): Promise<SnapshotHold> {
  const lost = new AbortController()
  let done = false
  const call = request({ socketPath: socket, method: 'POST', path: `/snapshot?last-writer=${lastWriter ? 'yes' : 'no'}`, agent: false })
  const cancel = () => call.destroy(signal.reason as Error)
  signal.addEventListener('abort', cancel, { once: true })
  const reason = await new Promise<string>((resolve, reject) => {
    // Whichever comes first counts.
    const fail = (error: Error) => {
      reject(error)
      if (!done) lost.abort(error)
    }
    const end = (cause: Error) => {
      if (signal.aborted) fail(signal.reason as Error)
      fail(isErrno(cause, 'ENOENT') || isErrno(cause, 'ECONNREFUSED') ? new OutsideError('no-agent', 'no agent runs on this gear', 'Run galeractl start: a snapshot is taken from a running node.', { cause }) : ended(cause))
    }
    call.on('error', end)
    call.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
          const line = JSON.parse(text.slice(0, at)) as { progress?: string; error?: ErrorShape }
          text = text.slice(at + 1)
          if (line.error === undefined) resolve(line.progress ?? '')
          else fail(new ReportedError(line.error))
        }
      })
      response.on('error', end)
      response.on('close', () => end(new Error('it closed the connection')))
    })
    call.end()
  }).finally(() => signal.removeEventListener('abort', cancel))
  return {
    reason,
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      done = true
      call.destroy()
      await waitFor('the node to be synced again', async () => ((await running(socket)) ? undefined : true), { timeout: SYNCED_WITHIN, interval: 20 }).catch(() => warn(`the node is not synced again after ${SYNCED_WITHIN / 1000} s; its agent goes on trying, see galeractl status`))
    },
  }
}

/** Of an agent that is gone the next one sees to it. */
async function running(socket: string): Promise<boolean> {
  const text = await within(askAgent(socket, 'GET', '/snapshot'), ANSWERED_WITHIN).catch(() => null)
  return text !== null && (JSON.parse(text) as { since: string | null }).since !== null
}

const ended = (cause: Error) => new OutsideError('agent-ended', `the agent ended while a snapshot was taken: ${cause.message}`, 'Run galeractl start, then the snapshot again; the next agent syncs the node.', { cause })
