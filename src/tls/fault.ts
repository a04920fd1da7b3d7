import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { Fault } from '../errors.ts'

/** A node's certificate with what belongs to it; all PEM. */
export interface TlsTexts {
  /** One certificate or several. */
  readonly ca: string
  /** The node's own first, then those between it and the CA. */
  readonly certificate: string
  readonly key: string
}

/** A chain is followed to the CA at most this far. */
const LONGEST_CHAIN = 8

/**
 * What peers would refuse in a node's certificate, told before mariadbd is started with it; null where it is sound.
 * `host` is where they reach the node.
 */
export function findTlsFault(texts: TlsTexts, host: string, now: Date): Fault | null {
  const fault = (code: string, message: string, hint: string): Fault => ({ code, message, hint })
  const [own, ...between] = certificatesOf(texts.certificate)
  if (own === undefined) return fault('tls-certificate', 'the certificate is no PEM certificate', 'Set --tls-cert to a file that begins with the certificate of this node.')
  const authorities = certificatesOf(texts.ca)
  if (authorities.length === 0) return fault('tls-ca', 'the CA file holds no PEM certificate', 'Set --tls-ca to the file of the CA that issued the certificates of all nodes.')
  const key = keyOf(texts.key)
  if (key === null) return fault('tls-key', 'the key is no PEM key without a passphrase', 'Set --tls-key to the private key of the certificate; mariadbd can ask nobody for a passphrase.')
  if (!own.checkPrivateKey(key)) return fault('tls-key', 'the key does not belong to the certificate', 'Set --tls-key and --tls-cert to files that were made together.')
  if (!leadsTo(own, between, authorities)) return fault('tls-chain', `the certificate of ${named(own)} was not issued by the CA (${authorities.map(named).join('; ')})`, 'Set --tls-ca to the CA that issued it, and put those between into the certificate file.')
  if (now < own.validFromDate) return fault('tls-early', `the certificate of ${named(own)} is valid from ${own.validFromDate.toISOString()} on; this host's clock says ${now.toISOString()}`, 'Set the clock, or take another certificate.')
  if (now >= own.validToDate) return fault('tls-expired', `the certificate of ${named(own)} has expired on ${own.validToDate.toISOString()}`, 'Put a new certificate in its place: the next attempt takes it.')
  if (!isFor(own, host)) return fault('tls-host', `the certificate is of ${own.subjectAltName ?? named(own)}, not of ${host}, where the others reach this node`, 'Take a certificate that names this address, or set --address to a name that it has.')
  return null
}

export function certificatesOf(text: string): readonly X509Certificate[] {
  try {
    return (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((pem) => new X509Certificate(pem))
  } catch {
    return []
  }
}

function keyOf(text: string): KeyObject | null {
  try {
    return createPrivateKey(text)
  } catch {
    return null
  }
}

function leadsTo(own: X509Certificate, between: readonly X509Certificate[], authorities: readonly X509Certificate[]): boolean {
  const issued = (one: X509Certificate) => (issuer: X509Certificate) => one.checkIssued(issuer) && one.verify(issuer.publicKey)
  let at = own
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    if (authorities.some(issued(at))) return true
    const next = between.find(issued(at))
    if (next === undefined) return false
    at = next
  }
  return false
}

const isFor = (certificate: X509Certificate, host: string) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined

const named = (certificate: X509Certificate) => certificate.subject.replaceAll('\n', ', ')
