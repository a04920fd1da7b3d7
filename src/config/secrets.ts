import { hkdfSync, randomBytes } from 'node:crypto'

/** A new shared secret: 256 random bits. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/**
 * What is derived from the shared secret by HKDF-SHA256 (RFC 5869): every gear of a cluster arrives
 * at the same keys and passwords without an exchange, and none tells anything of another.
 */
export function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'galeractl', purpose, 32))
}

/** A password of 43 characters from A-Z a-z 0-9 _ -. */
export function derivePassword(secret: string, user: string): string {
  return derive(secret, `password/${user}`).toString('base64url')
}

export const AGENT_USER = 'galeractl'

/** Reads everything for mariadb-backup, over the local socket only. */
export const BACKUP_USER = 'galeractl_backup'

/** Whoever knows it may do anything on every node: a state transfer writes everything, also users. */
export const SST_USER = 'galeractl_sst'
