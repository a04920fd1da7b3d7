import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { bigintAsText, departureSchema, proposalSchema } from '../galera/schemas.ts'
import { FRESH_MILLISECONDS, HEADERS, isRequestSignature, NonceMemory, signAnswer } from '../peers/signature.ts'
import { STATE_PATH } from '../peers/ask.ts'
import { parseAs } from '../system/json.ts'
import { CHECK_PATH, readCheckRow, checkRequestSchema } from './check-row.ts'
import { DEPARTURE_PATH, learnDeparture } from './departure.ts'
import { acknowledge, FENCE_PATH } from './fence-exchange.ts'
import { SST_PATH, sstReportSchema } from '../sst/report.ts'
import { hearOfSst } from './incoming-sst.ts'
import { LOOK_PATH } from './look-now.ts'
import type { Node } from './node.ts'
import { report } from './report.ts'

/** A proposal has some hundred bytes. */
const MAX_BODY_BYTES = 16_384

/** What peers may ask: every request and every answer is signed with the cluster's secret. */
export function peerApi(node: Node): Hono {
  const api = new Hono()
  const nonces = new NonceMemory()

  const answer = (context: Context, status: 200 | 400 | 401 | 409 | 425 | 500, value: unknown) => {
    const body = JSON.stringify(value, bigintAsText)
    const time = String(Date.now())
    context.header(HEADERS.time, time)
    context.header(HEADERS.signature, signAnswer(node.key, status, body, time, context.req.header(HEADERS.nonce) ?? ''))
    return context.body(body, status, { 'content-type': 'application/json' })
  }

  const proven = new WeakSet<Request>()
  api.onError((error, context) => {
    // A stranger's that was cut off, say.
    if (!proven.has(context.req.raw)) return context.text('bad request\n', 400)
    node.log.error({ err: error }, `a peer's request to ${context.req.path} failed`)
    return answer(context, 500, { failed: true })
  })
  api.use('/v1/*', bodyLimit({ maxSize: MAX_BODY_BYTES }))
  api.use('/v1/*', async (context, next) => {
    const header = (name: string) => context.req.header(name) ?? ''
    const signed = { time: header(HEADERS.time), nonce: header(HEADERS.nonce), signature: header(HEADERS.signature) }
    const url = new URL(context.req.url)
    const body = await context.req.text()
    // An unsigned request gets an unsigned answer: we prove nothing to strangers.
    if (!isRequestSignature(node.key, context.req.method, `${url.pathname}${url.search}`, body, signed)) return context.text('not signed with the secret of this cluster\n', 401)
    proven.add(context.req.raw)
    const now = Date.now()
    if (!(Math.abs(now - Number(signed.time)) <= FRESH_MILLISECONDS)) return answer(context, 425, { stale: true })
    if (!nonces.use(signed.nonce, now)) return answer(context, 401, { replayed: true })
    const cluster = url.searchParams.get('cluster')
    if (cluster !== null && cluster !== node.config.clusterName) return answer(context, 409, { cluster: node.config.clusterName })
    return next()
  })

  api.get(STATE_PATH, (context) => answer(context, 200, report(node)))
  api.post(FENCE_PATH, async (context) => {
    const proposal = parseAs(proposalSchema, await context.req.text())
    return proposal !== null ? answer(context, 200, await acknowledge(node, proposal)) : answer(context, 400, { malformed: true })
  })
  api.post(DEPARTURE_PATH, async (context) => {
    const departure = parseAs(departureSchema, await context.req.text())
    if (departure === null) return answer(context, 400, { malformed: true })
    await learnDeparture(node, departure)
    return answer(context, 200, { known: true })
  })
  api.post(SST_PATH, async (context) => {
    const report = parseAs(sstReportSchema, await context.req.text())
    if (report === null) return answer(context, 400, { malformed: true })
    await hearOfSst(node, report)
    return answer(context, 200, { heard: true })
  })
  api.post(LOOK_PATH, (context) => {
    node.peersSeen = -Infinity
    return answer(context, 200, { heard: true })
  })
  api.post(CHECK_PATH, async (context) => {
    const request = parseAs(checkRequestSchema, await context.req.text())
    return request !== null ? answer(context, 200, await readCheckRow(node, request)) : answer(context, 400, { malformed: true })
  })
  return api
}
