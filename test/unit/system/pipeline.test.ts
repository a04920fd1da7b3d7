import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OutsideError } from '../../../src/errors.ts'
import { startPipeline } from '../../../src/system/pipeline.ts'
import { collect } from '../snapshot/samples.ts'

const sh = (script: string) => ({ file: '/bin/sh', args: ['-c', script] })

test('each reads what the one before it writes', async () => {
  const { input, output, ended } = startPipeline([sh('tr a-z A-Z'), sh('rev')])
  input.end('abc\n')
  expect(String(await collect(output))).toBe('CBA\n')
  await ended
})

test('what was written is there for who comes to read when all have ended', async () => {
  const { input, output, ended } = startPipeline([sh('cat; echo late')])
  input.end('early\n')
  await ended
  expect(String(await collect(output))).toBe('early\nlate\n')
})

test('the first that failed by itself is blamed, with what it said last; not who lost its neighbour', async () => {
  const { output, ended } = startPipeline([sh('yes'), sh('head -c 10 >/dev/null; echo disk is full >&2; exit 3'), sh('cat')])
  output.resume()
  await expect(ended).rejects.toMatchObject({ code: 'program-failed', message: expect.stringContaining('ended with 3: disk is full') })
})

test('a program that is not there is told', async () => {
  const { output, ended } = startPipeline([{ file: 'no-such-program', args: [] }])
  output.resume()
  await expect(ended).rejects.toMatchObject({ code: 'program-failed', hint: expect.stringContaining('no-such-program') })
})

test('an abort ends all, and its reason is told', async () => {
  const abort = new AbortController()
  const { output, ended, pids } = startPipeline([sh('exec sleep 1000'), sh('exec cat')], { signal: abort.signal })
  output.resume()
  abort.abort(new OutsideError('ended', 'ended by SIGTERM', ''))
  await expect(ended).rejects.toMatchObject({ code: 'ended' })
  for (const pid of pids) await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
})

test('disposed of, nothing runs on', async () => {
  const pipeline = startPipeline([sh('exec sleep 1000')])
  await pipeline[Symbol.asyncDispose]()
  for (const pid of pipeline.pids) await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false)
})

test('a secret is readable as /dev/fd/3, and in no argument, environment or file of a name', async () => {
  const { output, ended, pids, input } = startPipeline([{ ...sh('cat /dev/fd/3; ls -l /dev/fd/3 >&2; cat'), secret: Buffer.from('open sesame') }])
  const first = output[Symbol.asyncIterator]()
  expect(String((await first.next()).value)).toBe('open sesame')
  for (const file of ['cmdline', 'environ']) expect(readFileSync(`/proc/${pids[0]}/${file}`, 'utf8')).not.toContain('sesame')
  input.end()
  for await (const _ of { [Symbol.asyncIterator]: () => first });
  await ended
})

test('in the background it gives way to servers', async () => {
  const { output, ended } = startPipeline([sh('chrt -p $$; ionice')], { background: true })
  expect(String(await collect(output))).toMatch(/SCHED_IDLE[\s\S]*idle/)
  await ended
})
