import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { openDestination } from '../../../src/recovery/destination.ts'
import { writeParts } from '../../../src/snapshot/parts.ts'
import { head, manifest, scratch } from '../snapshot/samples.ts'

test.each([
  ['reads all and does not end', (mark: string) => `cat > ${mark}; exec sleep 600`],
  ['does not listen to SIGTERM', (mark: string) => `trap '' TERM; cat > ${mark}; while :; do sleep 0.1; done`],
  ['has handed its output on to what goes on', (mark: string) => `setsid sleep 20 & cat > ${mark}; exec sleep 600`],
])('a command that %s: an interrupt ends the wait for it', async (_case, command) => {
  const mark = join(scratch(), 'archive')
  const interrupt = new AbortController()
  await using destination = await openDestination({ to: 'command', command: command(mark) }, head(), interrupt.signal)
  const parts = await writeParts(Readable.from([Buffer.alloc(100)], { objectMode: false }), destination.target, () => undefined)
  const committed = destination.commit(manifest([...parts]))
  committed.catch(() => undefined)
  await expect.poll(() => existsSync(mark)).toBe(true)
  interrupt.abort(new Error('interrupted'))
  await expect(committed).rejects.toThrow('interrupted')
}, 15_000)

test('a command that reads nothing and fails tells why', async () => {
  const whole = async () => {
    await using destination = await openDestination({ to: 'command', command: 'echo no room >&2; exit 3' }, head(), new AbortController().signal)
    await destination.commit(manifest([]))
  }
  await expect(whole()).rejects.toMatchObject({ code: 'operator-command', message: expect.stringContaining('ended with 3: no room') })
})
