import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSpool } from '../../../src/galera/notify-spool.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const HOOK = join(import.meta.dirname, '../../../hooks/notify')
const call = (spool: string, args: readonly string[]) => spawnSync(HOOK, args, { env: { PATH: '', GALERACTL_SPOOL: spool }, encoding: 'utf8' })
const records = (spool: string) => parseSpool(readFileSync(spool)).entries.map((entry) => (entry.kind === 'record' ? entry.args : entry))

test('the arguments are spooled exactly, without any program besides the shell', async () => {
  await using folder = await temporaryFolder()
  const argument = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\', '\\0101', 'a\\nb', '%s', '\n', '', '-n', "'\"", '$(id)', '\\c', '\\\\')).filter((text) => !text.includes('\0') && text.isWellFormed())
  let number = 0
  fc.assert(fc.property(fc.array(argument, { maxLength: 12 }), (args) => {
    const spool = join(folder.path, `spool${number++}`)
    expect(call(spool, args)).toMatchObject({ status: 0, stdout: '', stderr: '' })
    expect(records(spool)).toEqual([args])
  }), { numRuns: 60 })
})

test.each(['/nowhere/at/all/spool', '/dev/full', '/'])('it returns 0 without a word where %s can not be written', (spool) => {
  expect(call(spool, ['--status', 'synced'])).toMatchObject({ status: 0, stdout: '', stderr: '' })
})

test('records of eight processes at the same moment are whole, also those of 64 members and more', async () => {
  await using folder = await temporaryFolder()
  const spool = join(folder.path, 'spool')
  const members = (writer: number) => Array.from({ length: 64 + 32 * writer }, (_, at) => `${String(at).padStart(36, '0')}/${'n'.repeat(50)}${writer}/10.0.0.${at}:3306`).join(',')
  const loops = Array.from({ length: 8 }, (_, writer) => spawn('/bin/sh', ['-c', 'i=0; while [ $i -lt 40 ]; do "$@"; i=$((i+1)); done', '/bin/sh', HOOK, '--index', String(writer), '--members', members(writer)], { env: { PATH: '', GALERACTL_SPOOL: spool }, stdio: 'ignore' }))
  await Promise.all(loops.map((loop) => new Promise((resolve) => loop.once('exit', resolve))))
  const all = records(spool) as string[][]
  expect(all).toHaveLength(320)
  for (let writer = 0; writer < 8; writer++) expect(all.filter((args) => args[1] === String(writer) && args[3] === members(writer))).toHaveLength(40)
})

test('what mariadbd leaves open is closed before anything is written', async () => {
  await using folder = await temporaryFolder()
  // Opening a pipe for writing waits for its reader: time to look.
  const pipe = join(folder.path, 'pipe')
  execFileSync('mkfifo', [pipe])
  const shell = spawn('/bin/sh', ['-c', 'exec 3>/dev/null 4>&3 5>&3 6>&3 7>&3 8>&3 9>&3; exec "$0" --status synced', HOOK], { env: { PATH: '', GALERACTL_SPOOL: pipe }, stdio: ['ignore', 'pipe', 'pipe'] })
  const open = () => readdirSync(`/proc/${shell.pid}/fd`).map(Number).filter((fd) => fd < 10)
  await expect.poll(open).toEqual([1])
  readFileSync(pipe)
})
