import { expect, test } from 'vitest'
import { parseKey, readKey } from '../../../src/snapshot/key.ts'

test('keys of age are known by their form, and whether they decrypt', () => {
  expect(parseKey('# created: 2026\n# public key: age1abc\nAGE-SECRET-KEY-1QQQ\n')).toMatchObject({ method: 'age', identity: true })
  expect(parseKey('age1qqqq\nage1wwww\n')).toMatchObject({ method: 'age', identity: false })
  expect(parseKey('ssh-ed25519 AAAAC3 me@host\n')).toMatchObject({ method: 'age', identity: false })
})

test('anything else is a passphrase, its first line', () => {
  expect(parseKey('correct horse battery\r\nsecond line\n')).toEqual({ method: 'openssl', passphrase: 'correct horse battery' })
})

test.each(['', '\n', 'short\n'])('%j is no key', (text) => {
  expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'bad-key' }))
})

test('a command prints the key; one that fails is told with what it said, and without the key', async () => {
  expect(await readKey(undefined, 'echo correct horse battery')).toEqual({ method: 'openssl', passphrase: 'correct horse battery' })
  await expect(readKey(undefined, 'echo locked >&2; exit 3')).rejects.toMatchObject({ code: 'key-command', message: expect.stringContaining('3: locked') })
})

test('a file and a command at once, or a file that is not there, are the user\'s to mend', async () => {
  await expect(readKey('/x', 'y')).rejects.toMatchObject({ code: 'bad-key' })
  await expect(readKey('/nowhere/key', undefined)).rejects.toMatchObject({ code: 'bad-key', message: expect.stringContaining('/nowhere/key') })
})
