import { request as httpRequest } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Silent } from '../galera/observation.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { isErrno } from '../system/files.ts'
import { failureIn } from './failure.ts'
import { type HostNames, hostNames } from './host-names.ts'
import { addressedPath, answererOf, type Identity, type Signer } from './identity.ts'
import { HEADERS, isAnswerSignature, signRequest } from './signature.ts'

/** A state report has a few kilobytes; more is garbage. */
const MAX_ANSWER_BYTES = 262_144

export interface Target {
  readonly host: string
  readonly port: number
  /** Who must answer; null or none: whoever is there. */
  readonly name?: string | null
}

export interface MessageOptions {
  readonly key: Signer
  /** Milliseconds for everything. */
  readonly timeout: number
  /** Whose lookups; none: this process'. */
  readonly names?: HostNames
}

export type Delivery =
  /** `by`: who answered; null where an agent of an earlier version did, which does not tell. */
  | { readonly ok: true; readonly body: unknown; readonly by: Identity | null }
  | { readonly ok: false; readonly reason: Silent['reason']; readonly detail: string }

/** An agent with too many connections ends new ones without an answer: it is asked again after this, milliseconds. */
const PAUSE = 50

/** How far each peer's clock is ahead of ours, milliseconds, learnt from signed refusals: clocks may differ by hours. */
const clockOffsets = new Map<string, number>()

/** Sends a signed message and checks who signed the answer. Whatever goes wrong is a value, never an exception. */
export async function sendMessage(target: Target, method: 'GET' | 'POST', path: string, message: unknown, options: MessageOptions): Promise<Delivery> {
  const { key } = options
  const clock = `${target.host}:${target.port}`
  const body = message === undefined ? '' : JSON.stringify(message, bigintAsText)
  const url = addressedPath(path, key, target.name ?? null)
  const deadline = performance.now() + options.timeout
  let stale = false
  let ended: Extract<Answer, { ok: false }> | null = null
  for (;;) {
    const signed = signRequest(key.secret, method, url, body, Date.now() + (clockOffsets.get(clock) ?? 0))
    const answer = await exchange(target, method, url, body, signed, deadline - performance.now(), options.names ?? hostNames)
    if (!answer.ok) {
      // The last try may have been too short: what the ones before it met is known.
      const { reason, detail } = answer.reason === 'timeout' ? (ended ?? answer) : answer
      if (!answer.ended || performance.now() + PAUSE >= deadline) return { ok: false, reason, detail }
      ended = answer
      await delay(PAUSE)
      continue
    }
    const proof = { time: answer.time, nonce: signed.nonce, signature: answer.signature }
    if (!isAnswerSignature(key.secret, answer.status, answer.body, proof)) return { ok: false, reason: 'bad-signature', detail: 'its answer is not signed with our secret' }
    if (answer.status === 425 && !stale) {
      stale = true
      clockOffsets.set(clock, Number(answer.time) - Date.now())
      continue
    }
    return read(answer.status, answer.body, target.name ?? null, key)
  }
}

const REASONS: Readonly<Record<number, Silent['reason']>> = { 409: 'other-cluster', 421: 'other-node' }

/** What a signed answer says; nothing where it is another node's than the one that was asked. */
function read(status: number, text: string, name: string | null, own: Identity): Delivery {
  try {
    const body: unknown = JSON.parse(text)
    const by = answererOf(body)
    if (by !== null && by.name === own.name) return { ok: false, reason: 'other-node', detail: 'this node itself answers there' }
    if (by !== null && name !== null && by.name !== name) return { ok: false, reason: 'other-node', detail: `${by.name} answers there` }
    return status === 200 ? { ok: true, body, by } : { ok: false, reason: REASONS[status] ?? 'failed', detail: failureIn(body) ?? `HTTP ${status}` }
  } catch {
    return { ok: false, reason: 'garbage', detail: 'its answer is no JSON' }
  }
}

/** `ended`: the connection ended before there was an answer. */
type Answer = { ok: true; status: number; body: string; time: string; signature: string } | { ok: false; reason: Silent['reason']; detail: string; ended: boolean }

function exchange(target: Target, method: string, path: string, body: string, signed: { time: string; nonce: string; signature: string }, timeout: number, { lookup }: HostNames): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (reason: Silent['reason'], detail: string, ended = false) => {
      resolve({ ok: false, reason, detail, ended })
      request.destroy()
    }
    const headers = { [HEADERS.time]: signed.time, [HEADERS.nonce]: signed.nonce, [HEADERS.signature]: signed.signature, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = httpRequest({ host: target.host, port: target.port, method, path, headers, agent: false, lookup })
    const timer = setTimeout(() => fail('timeout', `no answer within ${timeout / 1000} s`), Math.max(1, timeout))
    request.once('close', () => clearTimeout(timer))
    request.on('error', (error) => fail(reasonOf(error), error.message, isErrno(error, 'ECONNRESET') || isErrno(error, 'EPIPE')))
    request.once('response', (response) => {
      const parts: Buffer[] = []
      let size = 0
      response.on('data', (part: Buffer) => {
        size += part.length
        if (size > MAX_ANSWER_BYTES) fail('garbage', `its answer is longer than ${MAX_ANSWER_BYTES} bytes`)
        else parts.push(part)
      })
      response.on('error', (error) => fail('garbage', error.message))
      response.on('end', () => {
        const header = (name: string) => String(response.headers[name] ?? '')
        resolve({ ok: true, status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8'), time: header(HEADERS.time), signature: header(HEADERS.signature) })
      })
    })
    request.end(body)
  })
}

function reasonOf(error: NodeJS.ErrnoException): Silent['reason'] {
  const code = error.code ?? ''
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (code.startsWith('HPE_')) return 'garbage'
  return code.startsWith('E') ? 'unreachable' : 'failed'
}
