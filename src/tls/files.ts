import { createPublicKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fault, FaultsError } from '../errors.ts'
import type { Config } from '../config/resolve.ts'
import { makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'
import { authorityKey } from './authority-key.ts'
import { certificatesOf, findTlsFault, type TlsTexts } from './fault.ts'

/** Absolute paths. */
export interface TlsFiles {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** Milliseconds. */
const DAY = 86_400_000

/** A certificate of the cluster's own CA is renewed when less is left of it, days. */
const RENEWED_BEFORE = 1_825

/** The files that a node uses, its own ones in `folder`; null where TLS is off. */
export function tlsFiles({ tls }: Config, folder: string): TlsFiles | null {
  if (tls === 'off') return null
  return tls === 'cluster' ? { ca: join(folder, 'ca.pem'), certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } : tls
}

/**
 * Sees to it that the node has a sound certificate: one of the cluster's own CA is made where it is missing, damaged,
 * of another address or in the second half of its time; one of another CA is only looked at.
 * @returns why one was made, or null
 * @throws FaultsError `tls-…` where another CA's has a fault
 */
export async function ensureCertificate(config: Config, folder: string, now: Date): Promise<string | null> {
  const files = tlsFiles(config, folder)
  if (files === null) return null
  if (config.tls !== 'cluster') {
    const fault = await certificateFault(files, config.own.host, now)
    if (fault !== null) throw new FaultsError('certificate', [fault])
    return null
  }
  const why = await whyNew(files, config, now)
  if (why === null) return null
  const { clusterAuthority, issue } = await import('./authority.ts')
  const authority = await clusterAuthority(config.secret, config.clusterName)
  const { certificate, key } = await issue(authority, { host: config.own.host, name: config.name }, now)
  await makeFolder(folder, 0o750)
  await writeFileAtomic(files.ca, `${authority.certificate.toString('pem')}\n`, 0o644)
  await writeFileAtomic(files.key, key, 0o600)
  await writeFileAtomic(files.certificate, `${certificate}\n`, 0o644)
  return why
}

/** What is wrong with a node's certificate, or that it can't be read; null where it is sound. */
export async function certificateFault(files: TlsFiles, host: string, now: Date): Promise<Fault | null> {
  try {
    return findTlsFault(await readTls(files), host, now)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    return { code: 'tls-file', message: `a file of the certificate cannot be read: ${(error as Error).message}`, hint: 'Set --tls-ca, --tls-cert and --tls-key to files that the owner of the gear can read.' }
  }
}

/** Whole days until the first in the node's certificate file ends; null where TLS is off or it can't be read. */
export async function certificateDays(config: Config, folder: string, now: Date): Promise<number | null> {
  const files = tlsFiles(config, folder)
  const chain = files === null ? [] : certificatesOf((await readIfExists(files.certificate).catch(() => null)) ?? '')
  return chain.length === 0 ? null : Math.min(...chain.map(({ validToDate }) => daysUntil(validToDate, now)))
}

const daysUntil = (moment: Date, now: Date) => Math.floor((moment.getTime() - now.getTime()) / DAY)

async function whyNew(files: TlsFiles, { own, secret }: Config, now: Date): Promise<string | null> {
  if ((await readIfExists(files.certificate)) === null) return 'there was none'
  const fault = await certificateFault(files, own.host, now)
  if (fault !== null) return fault.message
  const { ca, certificate } = await readTls(files)
  const { d: _private, ...open } = authorityKey(secret)
  if (certificatesOf(ca)[0]?.publicKey.equals(createPublicKey({ key: open, format: 'jwk' })) !== true) return 'the CA is not that of the secret'
  const left = daysUntil(certificatesOf(certificate)[0]?.validToDate ?? now, now)
  return left < RENEWED_BEFORE ? `it ends in ${left} days` : null
}

/** The files' texts; fails where one can't be read. */
export async function readTls(files: TlsFiles): Promise<TlsTexts> {
  const [ca, certificate, key] = await Promise.all([files.ca, files.certificate, files.key].map((file) => readFile(file, 'utf8')))
  return { ca: ca ?? '', certificate: certificate ?? '', key: key ?? '' }
}
