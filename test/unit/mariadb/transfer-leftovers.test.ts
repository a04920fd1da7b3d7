import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { clearTransferLeftovers } from '../../../src/mariadb/transfer-leftovers.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const FILES = ['wsrep_sst.pid', 'sst_in_progress', 'rsync_sst.pid', 'rsync_sst.conf', 'stunnel.pid', 'stunnel.conf']

async function datadir(pid: number | string) {
  const folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  await mkdir(data)
  for (const name of [...FILES, 'grastate.dat']) await writeFile(join(data, name), name.endsWith('.pid') ? `${pid}\n` : '')
  return { data, left: async () => (await readdir(data)).toSorted(), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test.each([
  ['a stranger has now', process.pid],
  ['nobody has', 2 ** 22 + 1],
  ['is none', ''],
])('what a killed state transfer left goes where its number %s', async (_what, pid) => {
  await using one = await datadir(pid)
  await clearTransferLeftovers(one.data)
  expect(await one.left()).toEqual(['grastate.dat'])
})

test('a state transfer of this gear that its mariadbd has left running is ended', async () => {
  await using one = await datadir('')
  const leader = spawn('/bin/sh', ['-c', `exec 3<&0; sh -c 'echo $$; read x <&3; :' wsrep_sst_rsync ${one.data}/ & wait $!`], { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const pid = Number(String((await once(leader.stdout, 'data'))[0]))
  await writeFile(join(one.data, 'wsrep_sst.pid'), `${pid}\n`)
  await clearTransferLeftovers(one.data)
  // Its mariadbd lives.
  expect(await one.left()).toEqual(['grastate.dat', 'sst_in_progress', 'wsrep_sst.pid'])
  const ended = once(leader, 'exit')
  leader.kill('SIGKILL')
  await ended
  await clearTransferLeftovers(one.data)
  expect(await one.left()).toEqual(['grastate.dat'])
})
