import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { changedScript, mysqldumpScript } from '../../../src/mariadb/sst-scripts.ts'

/** How often each text is in our copy of an installed script. */
const counts = (name: string, ...texts: readonly string[]) => {
  const copy = changedScript(name, readFileSync(`/usr/bin/${name}`, 'utf8'), '192.0.2.1') ?? ''
  return texts.map((text) => copy.split(text).length - 1)
}

test('the installed wsrep_sst_rsync takes every change', () => {
  expect(counts('wsrep_sst_rsync', "VERIFY_OPT='verifyPeer = yes'", "VERIFY_OPT='verifyChain = yes'", 'sleep 0.05\n', 'WSREP_SST_OPT_REMOTE_USER', 'then create_dirs')).toEqual([0, 2, 2, 0, 1])
})

test('the installed wsrep_sst_mariabackup takes every change', () => {
  expect(counts('wsrep_sst_mariabackup', '\n        sleep 10', '[ "$tfmt" = socat ] || sleep 10', ',retry=40,', ',bind=192.0.2.1', 'commonname=\'$(safe WSREP_SST_OPT_REMOTE_USER', "commonname='$(safe WSREP_SST_OPT_HOST_UNESCAPED", '"${isl%.isl}.ibd" ]; then rm -f -- "$(cat "$isl")"')).toEqual([0, 1, 2, 2, 0, 2, 1])
})

/** What the donor's script does to its command before the first piece. */
const FIRST_PIECE = /ttcmd="\$tcmd"\n((?: *tcmd="\$\{[^\n]*\n)*)/

test('a joiner that is slow to accept the first piece of a transfer does not cut off the second', async () => {
  const copy = changedScript('wsrep_sst_mariabackup', readFileSync('/usr/bin/wsrep_sst_mariabackup', 'utf8'), '127.0.0.1') ?? ''
  const port = await freePort()
  const joiner = spawn('socat', ['-u', `TCP-LISTEN:${port},reuseaddr,bind=127.0.0.1`, 'stdio'])
  onTestFinished(() => void joiner.kill('SIGKILL'))
  await expect.poll(() => listens(port)).toBe(true)
  joiner.kill('SIGSTOP')
  let sent = false
  const donor = once(spawn('bash', ['-c', `tcmd='socat -u stdio TCP:127.0.0.1:${port}'\n${FIRST_PIECE.exec(copy)?.[1]}\neval "echo first | $tcmd"`], { stdio: 'ignore' }), 'exit').then(([code]) => {
    sent = true
    return code as number
  })
  await expect.poll(() => connected(port)).toBe(true)
  // The first piece lies with the kernel. A donor that went on now would knock at this listener once more.
  await sockets('listening', port)
  expect(sent).toBe(false)
  joiner.kill('SIGCONT')
  expect(await Promise.all([donor, text(joiner.stdout)])).toEqual([0, 'first\n'])
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

const sockets = (state: string, port: number): Promise<boolean> => new Promise((resolve) => execFile('ss', ['-Htn', 'state', state, `sport = :${port}`], (_error, told) => resolve(told.trim() !== '')))
const listens = (port: number) => sockets('listening', port)
/** Its data came, and perhaps its end. */
const connected = async (port: number) => (await sockets('close-wait', port)) || (await sockets('established', port))

test('a script that reads otherwise in one place, or that is not known, is left as it is', () => {
  const stock = readFileSync('/usr/bin/wsrep_sst_rsync', 'utf8')
  expect(changedScript('wsrep_sst_rsync', stock, '192.0.2.1')).not.toBeNull()
  expect(changedScript('wsrep_sst_rsync', stock.replace("VERIFY_OPT='verifyPeer", "VERIFY_OPT='other"), '192.0.2.1')).toBeNull()
  expect(changedScript('wsrep_sst_common', 'sleep 10\n', '192.0.2.1')).toBeNull()
})

test('words of our own command survive the shell', () => {
  expect(mysqldumpScript({ file: "/opt/it's here/galeractl", args: ['$(x)'] })).toContain(String.raw`exec '/opt/it'\''s here/galeractl' '$(x)' --gear`)
})
