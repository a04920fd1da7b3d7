import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { ReportedError } from '../errors.ts'
import { bigintAsText, departureSchema, proposalSchema } from '../galera/schemas.ts'
import { FRESH_MILLISECONDS, HEADERS, isRequestSignature, NonceMemory, signAnswer } from '../peers/signature.ts'
import { STATE_PATH } from '../peers/ask.ts'
import { failureOf } from '../peers/failure.ts'
import { answeredBy, isMisdirected } from '../peers/identity.ts'
import { FENCE_PATH } from '../peers/propose.ts'
import type { BoundedLog } from '../system/bounded-log.ts'
import { parseAs } from '../system/json.ts'
import { CHECK_PATH, readCheckRow, checkRequestSchema } from './check-row.ts'
import { EVENTS_PATH, readEvents } from './cluster-events.ts'
import { DEPARTURE_PATH } from './departure.ts'
import { SST_PATH, sstReportSchema } from '../sst/report.ts'
import { LOOK_PATH } from './look-now.ts'
import type { Node } from './node.ts'
import { ownSize, SIZE_PATH } from './space.ts'

/** A proposal has some hundred bytes. */
const MAX_BODY_BYTES = 16_384

/** Whether the request is known to be signed with the cluster's secret. */
type Signed = { Variables: { signed: boolean } }

const UNSIGNED = 'not signed with the secret of this cluster\n'

/** What a stranger gets: we prove nothing to it, and it connects anew for more. */
function refused(context: Context, status: 400 | 401, text: string): Response {
  context.header('connection', 'close')
  return context.text(text, status)
}

/** What peers may ask: every request and every answer is signed with the cluster's secret. */
export function peerApi(node: Node, log: BoundedLog): Hono<Signed> {
  const api = new Hono<Signed>()
  const nonces = new NonceMemory()

  const answer = (context: Context<Signed>, status: 200 | 400 | 401 | 409 | 421 | 425 | 500, value: object) => {
    const body = JSON.stringify(answeredBy(value, node.key), bigintAsText)
    const time = String(Date.now())
    context.header(HEADERS.time, time)
    context.header(HEADERS.signature, signAnswer(node.key.secret, status, body, time, context.req.header(HEADERS.nonce) ?? ''))
    return context.body(body, status, { 'content-type': 'application/json' })
  }

  // Who has the secret is told what is wrong, signed: silence, or an answer that anybody could give, would look like another secret.
  api.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse()
    if (context.get('signed') === true) {
      log.say('error', `${context.req.path} of a peer failed`, { err: error })
      return answer(context, 500, failureOf(error))
    }
    log.say('warn', 'a request without a known signature could not be read', { why: error.message })
    return refused(context, 400, 'not read\n')
  })
  api.use('/v1/*', async (context, next) => (context.req.header(HEADERS.signature) === undefined ? refused(context, 401, UNSIGNED) : next()))
  api.use('/v1/*', bodyLimit({ maxSize: MAX_BODY_BYTES }))
  api.use('/v1/*', async (context, next) => {
    const header = (name: string) => context.req.header(name) ?? ''
    const signed = { time: header(HEADERS.time), nonce: header(HEADERS.nonce), signature: header(HEADERS.signature) }
    const url = new URL(context.req.url)
    const body = await context.req.text()
    if (!isRequestSignature(node.key.secret, context.req.method, `${url.pathname}${url.search}`, body, signed)) return refused(context, 401, UNSIGNED)
    context.set('signed', true)
    const now = Date.now()
    if (!(Math.abs(now - Number(signed.time)) <= FRESH_MILLISECONDS)) return answer(context, 425, { stale: true })
    if (!nonces.use(signed.nonce, now)) return answer(context, 401, { replayed: true })
    if (isMisdirected(url.searchParams, node.key)) return answer(context, 421, { misdirected: true })
    const cluster = url.searchParams.get('cluster')
    if (cluster !== null && cluster !== node.config.clusterName) return answer(context, 409, { cluster: node.config.clusterName })
    return next()
  })

  api.get(STATE_PATH, (context) => answer(context, 200, node.report))
  api.get(SIZE_PATH, async (context) => answer(context, 200, await ownSize(node)))
  api.post(FENCE_PATH, async (context) => {
    const proposal = parseAs(proposalSchema, await context.req.text())
    return proposal !== null ? answer(context, 200, await node.loop.propose(proposal)) : answer(context, 400, { malformed: true })
  })
  api.post(DEPARTURE_PATH, async (context) => {
    const departure = parseAs(departureSchema, await context.req.text())
    if (departure === null) return answer(context, 400, { malformed: true })
    const error = await node.loop.learn(departure)
    if (error !== null) throw new ReportedError(error)
    return answer(context, 200, { known: true })
  })
  api.post(SST_PATH, async (context) => {
    const report = parseAs(sstReportSchema, await context.req.text())
    if (report === null) return answer(context, 400, { malformed: true })
    await node.transfers.hear(report, node.serverLog.path, node.log)
    return answer(context, 200, { heard: true })
  })
  api.post(LOOK_PATH, (context) => {
    node.loop.give({ in: 'nudge-peers' })
    return answer(context, 200, { heard: true })
  })
  api.get(EVENTS_PATH, async (context) => answer(context, 200, await readEvents(node)))
  api.post(CHECK_PATH, async (context) => {
    const request = parseAs(checkRequestSchema, await context.req.text())
    return request !== null ? answer(context, 200, await readCheckRow(node, request)) : answer(context, 400, { malformed: true })
  })
  return api
}
