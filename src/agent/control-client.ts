import { request } from 'node:http'
import { type ErrorShape, OutsideError, ReportedError } from '../errors.ts'
import { isErrno } from '../system/files.ts'

/** Asks the gear's agent over its socket, with a message as JSON; null where no agent answers there. */
export async function askAgent(socket: string, method: 'GET' | 'POST', path: string, onLine: (line: string) => void = () => undefined, message?: unknown): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method, path, agent: false }, (response) => {
      let text = ''
      let seen = 0
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        for (let end = text.indexOf('\n', seen); end >= 0; end = text.indexOf('\n', seen)) {
          onLine(text.slice(seen, end))
          seen = end + 1
        }
      })
      response.on('error', (cause) => reject(agentEnded(cause)))
      response.on('end', () => ((response.statusCode ?? 500) < 300 ? resolve(text) : reject(agentEnded(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`)))))
    })
    call.on('error', (cause) => (isErrno(cause, 'ENOENT') || isErrno(cause, 'ECONNREFUSED') ? resolve(null) : reject(agentEnded(cause))))
    call.end(message === undefined ? undefined : JSON.stringify(message))
  })
}

/**
 * A request whose answer is lines of progress and, last, the outcome.
 * @returns what was done, or null where no agent answers
 * @throws ReportedError with what the agent reported; OutsideError `agent-ended`
 */
export async function commandAgent(socket: string, path: string, tell: (progress: string) => void, message?: unknown): Promise<string | null> {
  let done: string | undefined
  let error: ErrorShape | undefined
  const text = await askAgent(socket, 'POST', path, (text) => {
    const line = JSON.parse(text) as { progress?: string; done?: string; error?: ErrorShape }
    if (line.progress !== undefined) tell(line.progress)
    done = line.done ?? done
    error = line.error ?? error
  }, message)
  if (text === null) return null
  if (error !== undefined) throw new ReportedError(error)
  if (done === undefined) throw agentEnded(new Error('no outcome'))
  return done
}

function agentEnded(cause: Error): OutsideError {
  return new OutsideError('agent-ended', `the agent ended while it was asked: ${cause.message}`, 'Read log/agent.log in the gear and run the command again.', { cause })
}
