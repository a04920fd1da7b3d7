import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import * as z from 'zod'
import { OutsideError, UsageError } from '../errors.ts'
import type { Override } from '../galera/cycle/state.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { errorShape } from '../system/error-shape.ts'
import { parseAs } from '../system/json.ts'
import { foresee } from './foresee.ts'
import { checkCluster } from './check-cluster.ts'
import { clusterEvents } from './cluster-events.ts'
import { leaseDesync } from './desync-lease.ts'
import { followStart, type Outcome } from './follow-start.ts'
import { planForce } from './force-plan.ts'
import { renderMetrics } from './metrics.ts'
import type { Node } from './node.ts'
import { reloadCertificates } from './reload-certificates.ts'
import { statusReport } from './status-report.ts'

/** One line of a streamed answer: progress, then the outcome. */
export type ControlLine = { readonly progress: string } | Outcome

/** What this host's galeractl may ask, over a socket that only the gear's owner can open. */
export function controlApi(node: Node, quit: () => void): Hono {
  const api = new Hono()

  api.get('/ping', (context) => context.text('ok'))
  api.get('/status', async () => report(await statusReport(node, true)))
  api.get('/explain', async () => report(await explain(node)))
  api.get('/metrics', async (context) => context.text(await renderMetrics(node)))
  api.get('/cluster-events', async () => report(await clusterEvents(node)))
  api.get('/check', async () => report(await checkCluster(node)))
  api.post('/reload', async (context) => {
    await reload(node)
    const outcome: Outcome = await reloadCertificates(node).then((told) => ({ done: ['the agent has read its settings again', ...(told === null ? [] : [told])].join('; ') }), (error) => ({ error: errorShape(error) }))
    return context.text(`${JSON.stringify(outcome)}\n`)
  })
  api.post('/start', async (context) => {
    await reload(node)
    const timeout = Number(context.req.query('timeout')) || node.config.startTimeout
    const refused = await node.loop.start(context.req.query('restored') === 'yes')
    if (refused !== null) return context.text(`${JSON.stringify({ error: refused } satisfies Outcome)}\n`)
    return stream(context, async (output) => {
      const write = (line: ControlLine) => output.write(`${JSON.stringify(line)}\n`).then(() => undefined)
      await write(await followStart(node, timeout, (progress) => void write({ progress })))
    })
  })
  api.post('/force-plan', async (context) => {
    const outcome: Outcome = await planForce(node, context.req.query('reason') ?? '').then((plan) => ({ done: JSON.stringify(plan) }), (error) => ({ error: errorShape(error) }))
    return context.text(`${JSON.stringify(outcome)}\n`)
  })
  api.post('/give-up', async (context) => {
    const timeout = Number(context.req.query('timeout')) || node.config.startTimeout
    const override = parseAs(overrideSchema, await context.req.text())
    const refused = override === null ? NO_OVERRIDE : ((await node.loop.override(override)) ?? (await node.loop.start(false)))
    if (refused !== null) return context.text(`${JSON.stringify({ error: refused } satisfies Outcome)}\n`)
    return stream(context, async (output) => {
      const write = (line: ControlLine) => output.write(`${JSON.stringify(line)}\n`).then(() => undefined)
      await write(await followStart(node, timeout, (progress) => void write({ progress })))
    })
  })
  api.get('/snapshot', () => report({ since: node.leases.current?.since ?? null }))
  api.post('/snapshot', async (context) =>
    stream(context, async (output) => {
      const write = (line: ControlLine) => output.write(`${JSON.stringify(line)}\n`).then(() => undefined)
      const gone = new AbortController()
      output.onAbort(() => gone.abort())
      try {
        const lease = await leaseDesync(node, context.req.query('last-writer') === 'yes')
        await write({ progress: lease.reason })
        // As long as who asked holds the connection: a process that was killed holds none.
        await lease.serverEnded(gone.signal)
        await lease.end()
        if (!gone.signal.aborted) await write({ error: new OutsideError('server-ended', 'mariadbd ended while a snapshot was taken', 'See galeractl status, and run the command again when the node is Synced.').toShape() })
      } catch (error) {
        await write({ error: errorShape(error) })
      }
    }),
  )
  api.post('/stop', async (context) => {
    const keep = context.req.query('keep-agent') === 'yes'
    return stream(context, async (output) => {
      const write = (line: ControlLine) => output.write(`${JSON.stringify(line)}\n`).then(() => undefined)
      const follow = () => void write({ progress: node.state.message })
      node.loop.events.on('change', follow)
      await node.session[Symbol.asyncDispose]()
      const outcome = await node.loop.stop(Number(context.req.query('timeout')) || node.config.stopTimeout, !keep).then(stopped, (error) => ({ error: errorShape(error) }))
      node.loop.events.off('change', follow)
      if (keep) await node.loop.until(({ datadir, server, failure }) => datadir !== null || server !== null || failure !== null)
      await write(outcome)
      if (!keep) quit()
    })
  })
  return api
}

/** Names as their nodes told them, also such as nobody would give: a member need not be a gear of ours. */
const overrideSchema: z.ZodType<Override> = z.object({ lose: z.array(z.string().min(1)), gone: z.array(z.string().min(1)), reason: z.string() })

const NO_OVERRIDE = new UsageError('no-override', 'the agent cannot read whom the operator gives up', 'Run galeractl bootstrap --force again, with the version of galeractl that the agent has.').toShape()

async function explain(node: Node) {
  const { server, intent, decision } = node.state
  return { decision: server === null && intent === 'stay' ? await foresee(node) : decision, running: server !== null }
}

async function reload(node: Node): Promise<void> {
  node.loop.give({ in: 'settings', settings: await node.settings.reload() })
}

const report = (value: unknown) => new Response(JSON.stringify(value, bigintAsText), { headers: { 'content-type': 'application/json' } })

function stopped(clean: boolean): Outcome {
  return { done: clean ? 'stopped' : 'stopped: mariadbd did not end in time and was killed; its position is recovered at the next start' }
}
