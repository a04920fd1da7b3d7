import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { OutsideError } from '../errors.ts'

/** Stands for the host where a request names none, as HTTP/1.0 of HAProxy's `option httpchk`; nothing looks at it. */
const UNNAMED = 'localhost'

/** How long answers that are on their way may take, milliseconds. */
export const LAST_ANSWERS = 1_000

/** @throws OutsideError `agent-port` */
export async function listen(app: Hono, where: { host: string; port: number } | { path: string }): Promise<Server> {
  const server = createAdaptorServer({ fetch: app.fetch, hostname: UNNAMED }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new OutsideError('agent-port', `the agent can't listen on ${'path' in where ? where.path : `${where.host} port ${where.port}`}: ${cause.code}`, 'Free the port, or set another --agent-port.', { cause })))
    server.listen(where, resolve)
  })
  return server
}

/** Answers that are on their way are finished; who does not read them holds up nothing for long. */
export async function closeServer(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(cut)
}
