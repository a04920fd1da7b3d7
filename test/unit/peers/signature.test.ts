import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRESH_MILLISECONDS, isAnswerSignature, isRequestSignature, NonceMemory, signAnswer, signRequest } from '../../../src/peers/signature.ts'

const KEY = Buffer.alloc(32, 1)
const texts = fc.string({ unit: 'grapheme' })
/** Changes one character. */
const change = (text: string, at: number) => {
  const index = text.length === 0 ? 0 : at % text.length
  return `${text.slice(0, index)}${text[index] === 'x' ? 'y' : 'x'}${text.slice(index + 1)}`
}

test('a request passes as it was, and with no part changed', () => {
  fc.assert(fc.property(texts, texts, texts, fc.nat(), fc.nat(), (method, path, body, time, at) => {
    const signed = signRequest(KEY, method, path, body, time)
    const check = (more: { key?: Buffer; method?: string; path?: string; body?: string; time?: string; nonce?: string; signature?: string }) =>
      isRequestSignature(more.key ?? KEY, more.method ?? method, more.path ?? path, more.body ?? body, { time: more.time ?? signed.time, nonce: more.nonce ?? signed.nonce, signature: more.signature ?? signed.signature })
    expect(check({})).toBe(true)
    expect(check({ key: Buffer.alloc(32, 2) })).toBe(false)
    expect(check({ method: change(method, at) })).toBe(false)
    expect(check({ path: change(path, at) })).toBe(false)
    expect(check({ body: change(body, at) })).toBe(false)
    expect(check({ time: change(signed.time, at) })).toBe(false)
    expect(check({ nonce: change(signed.nonce, at) })).toBe(false)
    expect(check({ signature: change(signed.signature, at) })).toBe(false)
    expect(check({ signature: '' })).toBe(false)
  }))
})

test('text can not be moved from one part to another', () => {
  const signed = signRequest(KEY, 'GET', '/v1/state', 'body', 1)
  expect(isRequestSignature(KEY, 'GET', '/v1/statebody', '', signed)).toBe(false)
  expect(isRequestSignature(KEY, 'GET/v1', '/state', 'body', signed)).toBe(false)
})

test('an answer is bound to its request and is no request', () => {
  const signature = signAnswer(KEY, 200, 'body', '1', 'nonce')
  const check = (status: number, body: string, time: string, nonce: string) => isAnswerSignature(KEY, status, body, { time, nonce, signature })
  expect(check(200, 'body', '1', 'nonce')).toBe(true)
  expect([check(409, 'body', '1', 'nonce'), check(200, 'bodx', '1', 'nonce'), check(200, 'body', '2', 'nonce'), check(200, 'body', '1', 'another')]).toEqual([false, false, false, false])
  expect(isRequestSignature(KEY, '200', 'body', '', { time: '1', nonce: 'nonce', signature })).toBe(false)
})

test('a nonce counts once while its message is fresh', () => {
  const memory = new NonceMemory()
  expect(memory.use('a', 0)).toBe(true)
  expect(memory.use('a', 2 * FRESH_MILLISECONDS)).toBe(false)
  expect(memory.use('b', 1)).toBe(true)
  expect(memory.use('a', 2 * FRESH_MILLISECONDS + 1)).toBe(true)
})
