import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from 'node:crypto'
import { Duplex, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { OutsideError } from '../errors.ts'

/**
 * As `openssl enc -aes-256-ctr -pbkdf2 -iter N -md sha256 -salt` writes and reads it: `Salted__`, 8 bytes of salt, then the
 * ciphertext; key and IV are the first 32 and next 16 bytes that PBKDF2 gives.
 */

const MAGIC = Buffer.from('Salted__')
const SALT_BYTES = 8

export const ITERATIONS = 600_000

const derive = async (passphrase: string, salt: Buffer, iterations: number) => {
  const bytes = await promisify(pbkdf2)(passphrase, salt, iterations, 48, 'sha256')
  return { key: bytes.subarray(0, 32), iv: bytes.subarray(32) }
}

export async function encrypter(passphrase: string): Promise<Transform> {
  const salt = randomBytes(SALT_BYTES)
  const { key, iv } = await derive(passphrase, salt, ITERATIONS)
  const cipher = createCipheriv('aes-256-ctr', key, iv)
  cipher.push(Buffer.concat([MAGIC, salt]))
  return cipher
}

export function decrypter(passphrase: string, iterations: number): Duplex {
  let head = Buffer.alloc(0)
  let decipher: ReturnType<typeof createDecipheriv> | null = null
  const begin = async (chunk: Buffer): Promise<Buffer> => {
    head = Buffer.concat([head, chunk])
    if (head.length < MAGIC.length + SALT_BYTES) return Buffer.alloc(0)
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw new OutsideError('not-encrypted', 'the data is not as openssl enc writes it', 'Run galeractl snapshot verify.')
    const { key, iv } = await derive(passphrase, head.subarray(MAGIC.length, MAGIC.length + SALT_BYTES), iterations)
    decipher = createDecipheriv('aes-256-ctr', key, iv)
    return decipher.update(head.subarray(MAGIC.length + SALT_BYTES))
  }
  const decrypt = async (chunk: Buffer): Promise<Buffer> => (decipher === null ? begin(chunk) : decipher.update(chunk))
  return Duplex.from(async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) yield await decrypt(chunk)
  })
}
