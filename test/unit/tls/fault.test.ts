import 'reflect-metadata'
import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'
import { expect, test } from 'vitest'
import { clusterAuthority, issue } from '../../../src/tls/authority.ts'
import { findTlsFault } from '../../../src/tls/fault.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const authority = await clusterAuthority('a secret of this test', 'test')
const ca = authority.certificate.toString('pem')
const texts = async (host: string, made = NOW) => ({ ca, ...(await issue(authority, { host, name: 'n1' }, made)) })
const codeOf = (...args: Parameters<typeof findTlsFault>) => findTlsFault(...args)?.code ?? null

test.each(['192.0.2.1', '2001:db8::1', 'db1.example.org', `${'long-label.'.repeat(8)}example.org`])('a certificate of the cluster is sound for %s, and for no other', async (host) => {
  const sound = await texts(host)
  expect(findTlsFault(sound, host, NOW)).toBeNull()
  expect(codeOf(sound, '192.0.2.2', NOW)).toBe('tls-host')
  expect(codeOf(sound, 'example.org', NOW)).toBe('tls-host')
})

test('its time: valid for a peer whose clock is an hour behind, expired ten years later', async () => {
  const sound = await texts('192.0.2.1')
  expect(codeOf(sound, '192.0.2.1', new Date('2026-06-01T11:00:00Z'))).toBeNull()
  expect(codeOf(sound, '192.0.2.1', new Date('2026-05-01T00:00:00Z'))).toBe('tls-early')
  expect(codeOf(sound, '192.0.2.1', new Date('2036-06-01T00:00:00Z'))).toBe('tls-expired')
})

test('files that do not belong together', async () => {
  const [one, other] = [await texts('192.0.2.1'), await texts('192.0.2.1')]
  expect(codeOf({ ...one, key: other.key }, '192.0.2.1', NOW)).toBe('tls-key')
  expect(codeOf({ ...one, key: 'no key' }, '192.0.2.1', NOW)).toBe('tls-key')
  expect(codeOf({ ...one, certificate: one.key }, '192.0.2.1', NOW)).toBe('tls-certificate')
  expect(codeOf({ ...one, ca: '' }, '192.0.2.1', NOW)).toBe('tls-ca')
  const stranger = await clusterAuthority('a secret of another cluster', 'test')
  expect(codeOf({ ...one, ca: stranger.certificate.toString('pem') }, '192.0.2.1', NOW)).toBe('tls-chain')
  expect(codeOf({ ...one, ca: `${stranger.certificate.toString('pem')}\n${ca}` }, '192.0.2.1', NOW)).toBeNull()
})

test('a CA file that holds the former root beside the renewed one is sound, and the former alone is told to have expired', async () => {
  const former = await X509CertificateGenerator.createSelfSigned({ name: authority.certificate.subject, notBefore: new Date('2010-01-01'), notAfter: new Date('2020-01-01'), signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' }, keys: authority.keys, extensions: [new BasicConstraintsExtension(true, 0, true)] })
  const sound = await texts('192.0.2.1')
  expect(findTlsFault({ ...sound, ca: `${former.toString('pem')}\n${ca}` }, '192.0.2.1', NOW)).toBeNull()
  expect(findTlsFault({ ...sound, ca: former.toString('pem') }, '192.0.2.1', NOW)).toMatchObject({ code: 'tls-expired', message: expect.stringContaining('galeractl CA of test') })
})

test('each gear derives the same authority from the same secret', async () => {
  const again = await clusterAuthority('a secret of this test', 'test')
  expect(codeOf({ ...(await texts('192.0.2.1')), ca: again.certificate.toString('pem') }, '192.0.2.1', NOW)).toBeNull()
  expect(again.certificate.toString('pem')).not.toBe(ca)
})
