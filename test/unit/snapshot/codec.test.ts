import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { decode, decryptText, encode, encryptionOf, encryptText } from '../../../src/snapshot/codec.ts'
import { type Key, parseKey } from '../../../src/snapshot/key.ts'
import { collect, scratch } from './samples.ts'

const bytes = Buffer.concat([randomBytes(300_000), Buffer.alloc(300_000), randomBytes(10)])
const passphrase = parseKey('correct horse battery staple')
const identity = execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
const recipient = /age1\w+/.exec(identity)?.[0] ?? ''

async function encoded(key: Key | null): Promise<Buffer> {
  const { pipeline, data } = await encode([], { level: 3, threads: 1 }, key, {})
  pipeline.input.end(bytes)
  const all = await collect(data)
  await pipeline.ended
  return all
}

async function decoded(data: Buffer, key: Key | null, made: Key | null): Promise<Buffer> {
  await using pipeline = decode(Readable.from([data.subarray(0, 100_000), data.subarray(100_000)], { objectMode: false }), { id: 's1', encryption: encryptionOf(made) }, key, [], {})
  const plain = await collect(pipeline.output)
  await pipeline.ended
  return plain
}

test.each([['without a key', null, null], ['with a passphrase', passphrase, passphrase], ['with an identity of age', parseKey(identity), parseKey(identity)], ['for a recipient of age', parseKey(recipient), parseKey(identity)]] as const)('%s the data comes back', async (_how, encryptKey, decryptKey) => {
  expect((await decoded(await encoded(encryptKey), decryptKey, encryptKey)).equals(bytes)).toBe(true)
})

test('openssl enc reads what a passphrase encrypted, and zstd what that gives', async () => {
  const folder = scratch()
  writeFileSync(join(folder, 'pass'), 'correct horse battery staple\n')
  const plain = execFileSync('openssl', ['enc', '-d', '-aes-256-ctr', '-pbkdf2', '-iter', '600000', '-md', 'sha256', '-pass', `file:${folder}/pass`], { input: await encoded(passphrase) })
  expect(execFileSync('zstd', ['-dc'], { input: plain }).equals(bytes)).toBe(true)
})

test('without the key, or with one of the other kind, it is told which is needed', async () => {
  const data = await encoded(passphrase)
  for (const key of [null, parseKey(identity)]) await expect(decoded(data, key, passphrase)).rejects.toMatchObject({ code: 'key-missing', message: expect.stringContaining('passphrase') })
  await expect(decoded(data, parseKey(recipient), parseKey(identity))).rejects.toMatchObject({ code: 'key-missing', message: expect.stringContaining('AGE-SECRET-KEY') })
})

test('a wrong passphrase is told as such, a wrong identity by age', async () => {
  await expect(decoded(await encoded(passphrase), parseKey('another horse entirely'), passphrase)).rejects.toMatchObject({ code: 'wrong-key' })
  const other = parseKey(execFileSync('age-keygen', { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  await expect(decoded(await encoded(parseKey(recipient)), other, parseKey(recipient))).rejects.toMatchObject({ code: 'program-failed', message: expect.stringMatching(/age ended with 1.*no identity matched/) })
})

test('data that was cut off is told by zstd', async () => {
  const data = await encoded(null)
  await expect(decoded(data.subarray(0, 200_000), null, null)).rejects.toMatchObject({ code: 'program-failed', message: expect.stringContaining('zstd') })
})

test.each([['a passphrase', passphrase, passphrase], ['age', parseKey(recipient), parseKey(identity)]] as const)('secrets encrypted by %s come back, and are not to be read', async (_how, encryptKey, decryptKey) => {
  const sealed = await encryptText('GALERACTL_SECRET=ä', encryptKey)
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('SECRET')
  expect(await decryptText(sealed, encryptionOf(encryptKey) as NonNullable<ReturnType<typeof encryptionOf>>, decryptKey)).toBe('GALERACTL_SECRET=ä')
})
