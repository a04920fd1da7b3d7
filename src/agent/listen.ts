import { readFileSync } from 'node:fs'
import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server, type ServerOptions } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { OutsideError } from '../errors.ts'
import { Connections, type Room, roomWithin } from './connections.ts'

/** Stands for the host where a request names none, as HTTP/1.0 of HAProxy's `option httpchk`; nothing looks at it. */
const UNNAMED = 'localhost'

/** Milliseconds: for the headers of a request, for all of it, between two, and how often that is looked at. Signed messages are small. */
const TIMES: ServerOptions = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 8_192 }

/** How long answers that are on their way may take, milliseconds. */
export const LAST_ANSWERS = 1_000

/**
 * The port that everybody reaches: bounded, so that strangers take neither the files nor the time of the agent.
 * @throws OutsideError `agent-port`
 */
export async function listenOpenly(app: Hono, where: { readonly host: string; readonly port: number }, isPeer: (address: string) => boolean, room: Room = roomWithin(openFiles())): Promise<Server> {
  const connections = new Connections(room, isPeer)
  const listener = getRequestListener(app.fetch, { hostname: UNNAMED })
  const server = createServer(TIMES, (incoming, outgoing) => {
    const { socket } = incoming
    if (!connections.begin(socket)) return
    outgoing.once('close', () => connections.end(socket))
    void listener(incoming, outgoing)
  })
  server.prependListener('connection', (socket) => connections.admit(socket))
  return opened(server, where)
}

/** The socket for this host's galeractl. @throws OutsideError `agent-port` */
export async function listenLocally(app: Hono, path: string): Promise<Server> {
  await rm(path, { force: true })
  const server = await opened(createServer(getRequestListener(app.fetch, { hostname: UNNAMED })), { path })
  await chmod(path, 0o600)
  return server
}

/** Answers that are on their way are finished; who does not read them holds up nothing for long. */
export async function closeServer(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), LAST_ANSWERS)
  await new Promise<void>((resolve) => server.close(() => resolve()))
  clearTimeout(cut)
}

async function opened(server: Server, where: { readonly host: string; readonly port: number } | { readonly path: string }): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(new OutsideError('agent-port', `the agent can't listen on ${'path' in where ? where.path : `${where.host} port ${where.port}`}: ${cause.code}`, 'Free the port, or set another --agent-port.', { cause })))
    server.listen(where, resolve)
  })
  return server
}

/** How many files this process may have open; where nobody tells, what most systems allow at least. */
function openFiles(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024)
  } catch {
    return 1_024
  }
}
