import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Messages older or newer than this, by the receiver's clock as told in its last answer, are refused. */
export const FRESH_MILLISECONDS = 30_000

export const HEADERS = { time: 'x-galeractl-time', nonce: 'x-galeractl-nonce', signature: 'x-galeractl-signature' } as const

export interface Signed {
  readonly time: string
  readonly nonce: string
  readonly signature: string
}

/** HMAC-SHA256 over length-prefixed parts: no two messages share a text. */
function sign(key: Buffer, parts: readonly string[]): string {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(`${Buffer.byteLength(part)}:`).update(part)
  return mac.digest('base64url')
}

export function signRequest(key: Buffer, method: string, path: string, body: string, time: number): Signed {
  const nonce = randomBytes(16).toString('base64url')
  return { time: String(time), nonce, signature: sign(key, ['request', method, path, body, String(time), nonce]) }
}

export function isRequestSignature(key: Buffer, method: string, path: string, body: string, signed: Signed): boolean {
  return equal(signed.signature, sign(key, ['request', method, path, body, signed.time, signed.nonce]))
}

/** An answer is bound to the request by its nonce: an old answer can't be played again. */
export function signAnswer(key: Buffer, status: number, body: string, time: string, nonce: string): string {
  return sign(key, ['answer', String(status), body, time, nonce])
}

export function isAnswerSignature(key: Buffer, status: number, body: string, signed: Signed): boolean {
  return equal(signed.signature, signAnswer(key, status, body, signed.time, signed.nonce))
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Remembers the nonces of the time in which a message is fresh. */
export class NonceMemory {
  readonly #seen = new Map<string, number>()

  /** False where the nonce was used before. */
  use(nonce: string, now: number): boolean {
    for (const [old, at] of this.#seen) {
      if (now - at <= 2 * FRESH_MILLISECONDS) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(nonce)) return false
    this.#seen.set(nonce, now)
    return true
  }
}
