import { request as httpRequest } from 'node:http'
import type { Silent } from '../galera/observation.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { HEADERS, isAnswerSignature, signRequest } from './signature.ts'

/** A state report has a few kilobytes; more is garbage. */
const MAX_ANSWER_BYTES = 262_144

export interface Target {
  readonly host: string
  readonly port: number
}

export interface MessageOptions {
  readonly key: Buffer
  /** Milliseconds for everything. */
  readonly timeout: number
}

export type Delivery =
  | { readonly ok: true; readonly body: unknown }
  | { readonly ok: false; readonly reason: Silent['reason']; readonly detail: string }

/** How far each peer's clock is ahead of ours, milliseconds, learnt from signed refusals: clocks may differ by hours. */
const clockOffsets = new Map<string, number>()

/** Sends a signed message and checks the answer's signature. Whatever goes wrong is a value, never an exception. */
export async function sendMessage(target: Target, method: 'GET' | 'POST', path: string, message: unknown, options: MessageOptions): Promise<Delivery> {
  const clock = `${target.host}:${target.port}`
  const body = message === undefined ? '' : JSON.stringify(message, bigintAsText)
  const deadline = performance.now() + options.timeout
  for (let attempt = 0; ; attempt++) {
    const signed = signRequest(options.key, method, path, body, Date.now() + (clockOffsets.get(clock) ?? 0))
    const answer = await exchange(target, method, path, body, signed, deadline - performance.now())
    if (!answer.ok) return answer
    const proof = { time: answer.time, nonce: signed.nonce, signature: answer.signature }
    if (!isAnswerSignature(options.key, answer.status, answer.body, proof)) return { ok: false, reason: 'bad-signature', detail: 'its answer is not signed with our secret' }
    if (answer.status === 425 && attempt === 0) {
      clockOffsets.set(clock, Number(answer.time) - Date.now())
      continue
    }
    return read(answer.status, answer.body)
  }
}

function read(status: number, text: string): Delivery {
  try {
    const body: unknown = JSON.parse(text)
    return status === 200 ? { ok: true, body } : { ok: false, reason: status === 409 ? 'other-cluster' : 'failed', detail: `HTTP ${status}` }
  } catch {
    return { ok: false, reason: 'garbage', detail: 'its answer is no JSON' }
  }
}

type Answer = { ok: true; status: number; body: string; time: string; signature: string } | Extract<Delivery, { ok: false }>

function exchange(target: Target, method: string, path: string, body: string, signed: { time: string; nonce: string; signature: string }, timeout: number): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (reason: Silent['reason'], detail: string) => {
      resolve({ ok: false, reason, detail })
      request.destroy()
    }
    const headers = { [HEADERS.time]: signed.time, [HEADERS.nonce]: signed.nonce, [HEADERS.signature]: signed.signature, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const request = httpRequest({ host: target.host, port: target.port, method, path, headers, agent: false })
    const timer = setTimeout(() => fail('timeout', `no answer within ${timeout / 1000} s`), Math.max(1, timeout))
    request.once('close', () => clearTimeout(timer))
    request.on('error', (error) => fail(reasonOf(error), error.message))
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
  if (code === 'ECONNREFUSED' || code === 'ECONNRESET') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'unknown-host'
  if (code === 'ETIMEDOUT') return 'timeout'
  if (code.startsWith('HPE_')) return 'garbage'
  return code.startsWith('E') ? 'unreachable' : 'failed'
}
