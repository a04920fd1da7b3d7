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
  const chains = [...chainsOf([own], [...authorities, ...between], authorities)]
  // A CA that was renewed is there twice.
  const chain = chains.find((one) => one.every((certificate) => isValid(certificate, now))) ?? chains[0]
  if (chain === undefined) return fault('tls-chain', `the certificate of ${named(own)} does not lead to a root of the CA file (${authorities.map(named).join('; ')})`, 'Set --tls-ca to the file with the root that issued it, and put those between into the certificate file.')
  const early = chain.find((one) => now < one.validFromDate)
  if (early !== undefined) return fault('tls-early', `the certificate of ${named(early)} is valid from ${early.validFromDate.toISOString()} on; this host's clock says ${now.toISOString()}`, 'Set the clock, or take another certificate.')
  const expired = chain.find((one) => now >= one.validToDate)
  if (expired !== undefined) return fault('tls-expired', `the certificate of ${named(expired)} has expired on ${expired.validToDate.toISOString()}`, 'Put a new certificate in its place: the next attempt takes it.')
  if (/^CN=.*:/m.test(own.subject)) return fault('tls-name', `the common name of the certificate (${named(own)}) has a colon, which MariaDB's scripts for state transfers cannot tell each other`, 'Take a certificate with another common name; addresses belong to its alternative names.')
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

/** Every way from a certificate to a self-signed one of the CA file, as OpenSSL wants it. */
function* chainsOf(chain: readonly [...X509Certificate[], X509Certificate], others: readonly X509Certificate[], authorities: readonly X509Certificate[]): Generator<readonly X509Certificate[]> {
  const at = chain.at(-1) as X509Certificate
  const issued = (issuer: X509Certificate) => at.checkIssued(issuer) && at.verify(issuer.publicKey)
  if (issued(at)) {
    if (authorities.some(({ fingerprint256 }) => fingerprint256 === at.fingerprint256)) yield chain
    return
  }
  if (chain.length > LONGEST_CHAIN) return
  for (const next of others) if (!chain.includes(next) && issued(next)) yield* chainsOf([...chain, next], others, authorities)
}

const isValid = (certificate: X509Certificate, now: Date) => certificate.validFromDate <= now && now < certificate.validToDate

const isFor = (certificate: X509Certificate, host: string) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined

const named = (certificate: X509Certificate) => certificate.subject.replaceAll('\n', ', ')
