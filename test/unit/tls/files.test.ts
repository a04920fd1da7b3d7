import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureCertificate } from '../../../src/tls/files.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { resolve, toConfig } from '../../../src/config/resolve.ts'

const NOW = new Date('2026-06-01T12:00:00Z')
const configOf = (more: Readonly<Record<string, string>> = {}) => toConfig(resolve({ options: { name: 'n1', address: '192.0.2.1', secret: 'a secret of this test', tls: 'on', ...more }, environment: new Map(), shared: new Map(), gearFile: new Map() }))

test('a certificate is made once, for nobody else to read its key', async () => {
  await using folder = await temporaryFolder()
  const tls = join(folder.path, 'tls')
  expect(await ensureCertificate(configOf(), tls, NOW)).toBe('there was none')
  expect(statSync(join(tls, 'key.pem')).mode & 0o777).toBe(0o600)
  const made = readFileSync(join(tls, 'cert.pem'), 'utf8')
  expect(await ensureCertificate(configOf(), tls, NOW)).toBeNull()
  expect(readFileSync(join(tls, 'cert.pem'), 'utf8')).toBe(made)
})

test('nothing is made where TLS is off', async () => {
  await using folder = await temporaryFolder()
  expect(await ensureCertificate(configOf({ tls: 'off' }), join(folder.path, 'tls'), NOW)).toBeNull()
})

test('it is made anew for another address, in the second half of its time, for another secret, and where a file is damaged', async () => {
  await using folder = await temporaryFolder()
  const tls = join(folder.path, 'tls')
  await ensureCertificate(configOf(), tls, NOW)
  expect(await ensureCertificate(configOf({ address: '192.0.2.9' }), tls, NOW)).toContain('not of 192.0.2.9')
  expect(await ensureCertificate(configOf({ address: '192.0.2.9' }), tls, new Date('2031-01-01'))).toBeNull()
  expect(await ensureCertificate(configOf({ address: '192.0.2.9' }), tls, new Date('2032-01-01'))).toContain('it ends in')
  expect(await ensureCertificate(configOf({ address: '192.0.2.9', secret: 'another secret of it' }), tls, new Date('2032-01-01'))).toBe('the CA is not that of the secret')
  writeFileSync(join(tls, 'key.pem'), 'damaged')
  expect(await ensureCertificate(configOf({ address: '192.0.2.9', secret: 'another secret of it' }), tls, new Date('2032-01-01'))).toContain('the key is no PEM key')
})

test('one of another CA is never written, only found wrong', async () => {
  await using folder = await temporaryFolder()
  const own = { 'tls-ca': join(folder.path, 'ca'), 'tls-cert': join(folder.path, 'cert'), 'tls-key': join(folder.path, 'key') }
  await expect(ensureCertificate(configOf(own), folder.path, NOW)).rejects.toMatchObject({ faults: [{ code: 'tls-file' }] })
})
