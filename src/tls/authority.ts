import 'reflect-metadata'
import { KeyObject, randomBytes, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import { AuthorityKeyIdentifierExtension, BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, KeyUsageFlags, KeyUsagesExtension, SubjectAlternativeNameExtension, SubjectKeyIdentifierExtension, type X509Certificate, X509CertificateGenerator } from '@peculiar/x509'
import { authorityKey, type KeyPairJwk } from './authority-key.ts'

/** Every TLS library of the field takes it, also old ones of applications. */
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const DAY = 86_400_000
/** A peer whose clock is behind takes it at once. */
const BACKDATED = DAY
const VALIDITY = 3_650 * DAY

/** X.509 allows no longer common name (RFC 5280, ub-common-name). */
const LONGEST_COMMON_NAME = 64

export interface Authority {
  readonly certificate: X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

/** The cluster's own certificate authority: the same key everywhere, a certificate of each node's own making. */
export async function clusterAuthority(secret: string, clusterName: string): Promise<Authority> {
  const keys = await keyPair(authorityKey(secret))
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=galeractl CA of ${clusterName}`,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2120-01-01T00:00:00Z'),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [new BasicConstraintsExtension(true, 0, true), new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true), await SubjectKeyIdentifierExtension.create(keys.publicKey)],
  })
  return { certificate, keys }
}

export interface Subject {
  /** Where others reach the node: what they compare with the certificate. */
  readonly host: string
  readonly name: string
}

/** A certificate with a new key for a node, valid for ten years from `now`; both as PEM. */
export async function issue(authority: Authority, { host, name }: Subject, now: Date): Promise<{ readonly certificate: string; readonly key: string }> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  // MariaDB's scripts tell the common name before a colon.
  const commonName = host.length <= LONGEST_COMMON_NAME && !host.includes(':') ? host : name
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(16).toString('hex')}`,
    subject: [{ CN: [commonName] }],
    issuer: authority.certificate.subjectName,
    notBefore: new Date(now.getTime() - BACKDATED),
    notAfter: new Date(now.getTime() + VALIDITY),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  })
  return { certificate: certificate.toString('pem'), key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString() }
}

async function keyPair({ d, ...open }: KeyPairJwk): Promise<webcrypto.CryptoKeyPair> {
  return {
    privateKey: await webcrypto.subtle.importKey('jwk', { ...open, d }, ALGORITHM, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', open, ALGORITHM, true, ['verify']),
  }
}
