import { chmod, chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pino from 'pino'
import { expect, test } from 'vitest'
import { EventCommands, eventEnvironment } from '../../../src/agent/event-commands.ts'
import { EventCounts } from '../../../src/agent/event-counts.ts'
import { findEventPrograms } from '../../../src/agent/event-programs.ts'
import { loggedCall, NO_VIEW } from '../../../src/galera/notify-event.ts'
import { HISTORY, uuid } from '../galera/nodes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const HOSTILE = '$(touch /tmp/x)\'"; DROP\n\\'
const owner = process.getuid?.() ?? 0
const event = (index: number, name = 'n1') => loggedCall({ status: 'joined', uuid: HISTORY, primary: true, index, members: [{ uuid: uuid(1), name, address: 'a:1' }] }, NO_VIEW, { time: '2026-11-21T17:00:00.000Z', position: null })

async function place(timeout = 10_000, notifyCommand: string | null = null) {
  const gear = await temporaryFolder()
  const folder = join(gear.path, 'notify.d')
  await mkdir(folder, { mode: 0o750 })
  const counts = new EventCounts()
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) })
  const program = async (name: string, text: string, mode = 0o755) => {
    await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`)
    await chmod(join(folder, name), mode)
  }
  const commands = new EventCommands({ folder, gear: gear.path, owner, timeout: () => timeout, notifyCommand: async () => notifyCommand, notifyFolder: gear.path }, counts, log)
  const read = (name: string) => readFile(join(gear.path, name), 'utf8').catch(() => '')
  return { folder, commands, counts, lines, program, read, async [Symbol.asyncDispose]() {
    await commands[Symbol.asyncDispose]()
    await gear[Symbol.asyncDispose]()
  } }
}

test('a command gets the event as JSON on its input and as variables, names as they are', async () => {
  await using here = await place()
  await here.program('tell', 'cat >event; env >environment; printf %s "$GALERACTL_EVENT_JOINED" >joined')
  here.commands.add(event(0, HOSTILE))
  await expect.poll(() => here.read('joined')).not.toBe('')
  expect(JSON.parse(await here.read('event'))).toEqual(event(0, HOSTILE))
  expect(JSON.parse(await here.read('joined'))).toEqual([HOSTILE])
  expect(await here.read('environment')).toMatch(/^GALERACTL_EVENT_STATUS=joined$/m)
})

test('a command gets nothing else of the agent\'s environment', async () => {
  await using here = await place()
  process.env['GALERACTL_SECRET'] = 'a secret of the cluster'
  await here.program('tell', 'env >environment.new; mv environment.new environment')
  here.commands.add(event(0))
  await expect.poll(() => here.read('environment')).toContain('GALERACTL_GEAR=')
  delete process.env['GALERACTL_SECRET']
  expect(await here.read('environment')).not.toContain('secret')
})

test('what was not told is not set, and a list that no variable can hold is left out', () => {
  const status = loggedCall({ status: 'donor' }, NO_VIEW, { time: 't', position: null })
  expect(eventEnvironment(status)).toEqual({ GALERACTL_EVENT_TIME: 't', GALERACTL_EVENT_SOURCE: 'notify', GALERACTL_EVENT_STATUS: 'donor', GALERACTL_EVENT_JOINED: '[]', GALERACTL_EVENT_LEFT: '[]' })
  expect(eventEnvironment({ ...status, joined: ['x'.repeat(40_000)] })).not.toHaveProperty('GALERACTL_EVENT_JOINED')
})

test('commands run in the order of their names, one at a time, also over several events', async () => {
  await using here = await place()
  const text = 'mkdir busy || echo overlap >>order; echo "$(basename $0) $GALERACTL_EVENT_INDEX" >>order; sleep 0.02; rmdir busy'
  for (const name of ['20-b', '10-a']) await here.program(name, text)
  for (const index of [1, 2, 3]) here.commands.add(event(index))
  await expect.poll(() => here.read('order')).toBe('10-a 1\n20-b 1\n10-a 2\n20-b 2\n10-a 3\n20-b 3\n')
})

test('one that fails, is too slow or floods is logged and counted; the others run', async () => {
  await using here = await place(300)
  await here.program('1-fails', 'echo why; exit 7')
  await here.program('2-slow', 'sleep 60')
  await here.program('3-floods', 'head -c 3000000 /dev/zero | tr "\\0" x')
  await here.program('4-runs', 'echo ran >ran')
  here.commands.add(event(0))
  await expect.poll(() => here.read('ran'), { timeout: 5_000 }).toBe('ran\n')
  await expect.poll(() => here.counts).toMatchObject({ runs: 4, failures: 2, timeouts: 1, queued: 0 })
  expect(here.lines).toContainEqual(expect.objectContaining({ level: 40, ended: 7, output: 'why' }))
  expect(here.lines).toContainEqual(expect.objectContaining({ level: 40, ended: 'SIGTERM', timedOut: true }))
  expect(Math.max(...here.lines.map((line) => JSON.stringify(line).length))).toBeLessThan(3_000)
})

test('of more events than a slow command can take the oldest are dropped and counted', async () => {
  await using here = await place()
  await here.program('slow', 'echo "$GALERACTL_EVENT_INDEX" >>seen; [ "$GALERACTL_EVENT_INDEX" -lt 2999 ] || echo last >last')
  for (let index = 0; index < 3_000; index++) here.commands.add(event(index))
  expect(here.counts).toMatchObject({ dropped: 2_000, queued: 1_000 })
  expect(here.lines.filter(({ msg }) => String(msg).includes('too slow'))).toHaveLength(1)
  await expect.poll(() => here.read('last'), { timeout: 30_000 }).toBe('last\n')
  expect((await here.read('seen')).split('\n')[0]).toBe('2000')
}, 40_000)

test('the end of the agent is not held up by a command', async () => {
  await using here = await place()
  await here.program('stubborn', 'trap "" TERM; echo started >started; sleep 60; sleep 60')
  here.commands.add(event(0))
  await expect.poll(() => here.read('started')).not.toBe('')
  const before = performance.now()
  await here.commands[Symbol.asyncDispose]()
  expect(performance.now() - before).toBeLessThan(3_000)
})

test('a command that is put there while the agent runs is run for the next event', async () => {
  await using here = await place()
  here.commands.add(event(0))
  await expect.poll(() => here.counts.queued).toBe(0)
  await here.program('new', 'echo ran >ran')
  await expect.poll(async () => {
    here.commands.add(event(1))
    return here.read('ran')
  }).toBe('ran\n')
})

test('run is only what the gear\'s owner or root owns, nobody else may write, and can be executed', async () => {
  await using here = await place()
  await here.program('good', '')
  await here.program('.hidden', '')
  await here.program('plain', '', 0o644)
  await here.program('group-writes', '', 0o775)
  await here.program('others-write', '', 0o757)
  await here.program('target', '', 0o777)
  await symlink(join(here.folder, 'target'), join(here.folder, 'link'))
  await symlink('/nowhere', join(here.folder, 'broken-link'))
  await mkdir(join(here.folder, 'folder'), { mode: 0o755 })
  const found = await findEventPrograms(here.folder, owner)
  expect(found.programs.map((path) => path.slice(here.folder.length + 1))).toEqual(['good'])
  expect(found.refused.map(({ path }) => path.slice(here.folder.length + 1))).toEqual(['folder', 'group-writes', 'link', 'others-write', 'plain', 'target'])
  const started = performance.now()
  // Longer than a look at the folder counts.
  await expect.poll(() => {
    here.commands.add(event(0))
    return performance.now() - started > 1_200
  }, { timeout: 5_000 }).toBe(true)
  expect(here.lines.filter(({ msg }) => String(msg).includes('not run on events'))).toHaveLength(6)
})

test('a command of another user is not run, nor any in a folder that others may write', async () => {
  await using here = await place()
  await here.program('good', '')
  expect((await findEventPrograms(here.folder, owner + 1)).programs).toEqual(owner === 0 ? [join(here.folder, 'good')] : [])
  if (owner === 0) {
    await chown(join(here.folder, 'good'), 12_345, 0)
    expect((await findEventPrograms(here.folder, 0)).refused).toEqual([{ path: join(here.folder, 'good'), why: 'belongs to user 12345' }])
    await chown(join(here.folder, 'good'), 0, 0)
  }
  await chmod(here.folder, 0o770)
  expect(await findEventPrograms(here.folder, owner)).toEqual({ programs: [], refused: [{ path: here.folder, why: 'can be written by others than its owner' }] })
  expect(await findEventPrograms('/nowhere', owner)).toEqual({ programs: [], refused: [] })
})

test('wsrep_notify_cmd of conf.d is called as mariadbd calls it, beside those of notify.d, and with nothing that mariadbd did not tell', async () => {
  await using here = await place(10_000, 'here=$(pwd); echo "$here" >where; printf "%s\\n" --first')
  await here.program('a', 'echo a >>order')
  here.commands.add(event(0, HOSTILE))
  await expect.poll(() => here.read('where')).not.toBe('')
  here.commands.add({ ...event(1), source: 'server' })
  await expect.poll(() => here.read('order')).toBe('a\na\n')
  expect(here.lines.filter(({ msg }) => msg === 'wsrep_notify_cmd has run')).toEqual([expect.objectContaining({ output: ['--first', '--status', 'joined', '--uuid', HISTORY, '--primary', 'yes', '--index', '0', '--members', `${uuid(1)}/${HOSTILE}/a:1`].join('\n') })])
})

test('a call that told a status only is passed on so', async () => {
  await using here = await place(10_000, 'printf "%s "')
  here.commands.add(loggedCall({ status: 'donor' }, NO_VIEW, { time: 't', position: null }))
  await expect.poll(() => here.lines.find(({ msg }) => msg === 'wsrep_notify_cmd has run')).toMatchObject({ output: '--status donor' })
})
