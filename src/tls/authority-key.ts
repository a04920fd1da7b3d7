import { createECDH, hkdfSync } from 'node:crypto'

/** The order of P-256's base point (SEC 2, secp256r1). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** A key pair on P-256 as a JSON Web Key (RFC 7518, 6.2); `d` is the private part. */
export interface KeyPairJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
}

/**
 * The private key of the cluster's own certificate authority, derived from the shared secret: each gear issues its own
 * certificate and trusts those of the others without an exchange. It gives nobody a right that the secret does not give.
 */
export function authorityKey(secret: string): KeyPairJwk {
  // A scalar from more bits than the order has, so that none is likelier than another (FIPS 186-5, A.2.1).
  const bits = Buffer.from(hkdfSync('sha256', secret, 'galeractl', 'tls/authority', 48))
  const scalar = Buffer.from(((BigInt(`0x${bits.toString('hex')}`) % (ORDER - 1n)) + 1n).toString(16).padStart(64, '0'), 'hex')
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(scalar)
  const point = curve.getPublicKey()
  return { kty: 'EC', crv: 'P-256', x: point.toString('base64url', 1, 33), y: point.toString('base64url', 33), d: scalar.toString('base64url') }
}
