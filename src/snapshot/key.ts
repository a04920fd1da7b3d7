import { readFile } from 'node:fs/promises'
import { OutsideError, UsageError } from '../errors.ts'
import { run } from '../system/processes.ts'

/** How a snapshot is encrypted: by keys of age, or by a passphrase as `openssl enc` does it. */
export type Key =
  | { readonly method: 'age'; readonly text: Buffer; /** May decrypt. */ readonly identity: boolean }
  | { readonly method: 'openssl'; readonly passphrase: string }

/** Milliseconds. */
const COMMAND_TIMEOUT = 60_000

const SHORTEST_PASSPHRASE = 12

/**
 * The key from a file, or from what an operator's command prints; null where neither is given. Keys of age (`AGE-SECRET-KEY-…`, `age1…`,
 * ssh keys) are known by their form; anything else is a passphrase, its first line.
 * @throws UsageError `bad-key`; OutsideError `key-command`
 */
export async function readKey(file: string | undefined, command: string | undefined): Promise<Key | null> {
  if (file !== undefined && command !== undefined) throw new UsageError('bad-key', '--key-file and --key-command are given', 'Give one of them.')
  if (file === undefined && command === undefined) return null
  return parseKey(file === undefined ? await printed(command ?? '') : await read(file))
}

/** @throws UsageError `bad-key` */
export function parseKey(text: string): Key {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const identity = lines.some((line) => line.startsWith('AGE-SECRET-KEY-') || line.startsWith('-----BEGIN'))
  if (identity || lines.some((line) => /^(age1|ssh-(rsa|ed25519) )/.test(line))) return { method: 'age', text: Buffer.from(text), identity }
  const passphrase = text.split('\n')[0]?.replace(/\r$/, '') ?? ''
  if (passphrase.length < SHORTEST_PASSPHRASE) throw new UsageError('bad-key', `the key is ${passphrase.length === 0 ? 'empty' : `a passphrase of ${passphrase.length} characters`}`, `Give an age key, or a passphrase of at least ${SHORTEST_PASSPHRASE} characters in the first line.`)
  return { method: 'openssl', passphrase }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError('bad-key', `the key file ${file} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, 'Name a file that the owner of the gear may read.', { cause })
  }
}

async function printed(command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await run('/bin/sh', ['-c', command], { timeout: COMMAND_TIMEOUT, env: process.env as Record<string, string>, onOurDeath: 'TERM' })
  if (exitCode !== 0) throw new OutsideError('key-command', `the command of --key-command ended with ${exitCode}: ${stderr.trim().slice(-300)}`, 'Run it by hand.')
  return stdout
}
