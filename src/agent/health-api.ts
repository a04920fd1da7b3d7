import type { Socket } from 'node:net'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { METRICS_TYPE, renderMetrics } from './metrics.ts'
import { connectionsFull } from './connections-full.ts'
import type { Node } from './node.ts'

/**
 * For balancers and platforms: open, and telling no more than yes (200) or no (503).
 * live: the agent works. ready: Synced in a primary component. writable: ready, not read-only, and an application that comes now is let in; else one word why. As the server was when the agent
 * last looked at it, twice a second: who asks costs it nothing.
 * Metrics and addresses tell more, so by default only this host may have them.
 */
export function healthApi(node: Node): Hono<{ Bindings: HttpBindings }> {
  const api = new Hono<{ Bindings: HttpBindings }>()
  api.get('/health/live', (context) => context.text('ok\n'))
  api.get('/health/ready', (context) => (node.synced ? context.text('ready\n') : context.text('not ready\n', 503)))
  api.get('/health/writable', (context) => {
    const why = unwritable(node)
    return why === null ? context.text('writable\n') : context.text(`${why}\n`, 503)
  })
  const isAllowed = (socket: Socket) => node.config.metrics === 'anybody' || isThisHost(socket)
  // For galeractl/client: where SQL is, in the order of the list.
  api.get('/nodes', (context) => {
    if (!isAllowed(context.env.incoming.socket)) return context.text('nodes are for this host alone\n', 403)
    return context.json({ cluster: node.config.clusterName, nodes: (node.config.peers ?? [node.config.own]).map((one) => ({ name: one.name ?? one.host, host: one.host, port: one.sqlPort })) })
  })
  api.get('/metrics', async (context) => {
    if (!isAllowed(context.env.incoming.socket)) return context.text('metrics are for this host alone\n', 403)
    return context.body(await renderMetrics(node), 200, { 'content-type': METRICS_TYPE })
  })
  return api
}

/** Who calls from this host to an address of its own has the same address, or a loopback one. */
function isThisHost({ remoteAddress = '', localAddress }: Pick<Socket, 'remoteAddress' | 'localAddress'>): boolean {
  return remoteAddress !== '' && (remoteAddress === localAddress || /^(::ffff:)?127\.|^::1$/.test(remoteAddress))
}

/** One word; null where it takes writes. */
function unwritable(node: Node): 'not-synced' | 'read-only' | 'max_connections' | null {
  if (!node.synced) return 'not-synced'
  if (node.state.status?.takesWrites !== true) return 'read-only'
  return connectionsFull(node) ? 'max_connections' : null
}
