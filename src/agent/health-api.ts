import { Hono } from 'hono'
import type { Node } from './node.ts'

/**
 * For balancers and platforms: open, and telling no more than yes (200) or no (503).
 * live: the agent works. ready: Synced in a primary component. writable: ready and not read-only.
 */
export function healthApi(node: Node): Hono {
  const api = new Hono()
  api.get('/health/live', (context) => context.text('ok\n'))
  api.get('/health/ready', (context) => (node.synced ? context.text('ready\n') : context.text('not ready\n', 503)))
  api.get('/health/writable', async (context) => ((await isWritable(node)) ? context.text('writable\n') : context.text('not writable\n', 503)))
  return api
}

async function isWritable(node: Node): Promise<boolean> {
  if (!node.synced) return false
  try {
    const variables = await node.session.globals(['read_only', 'wsrep_reject_queries', 'wsrep_desync'])
    return variables.get('read_only') === 'OFF' && variables.get('wsrep_reject_queries') === 'NONE'
  } catch {
    return false
  }
}
