import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testGear } from '../support/gear.ts'

interface Answer {
  readonly histories: readonly { readonly nodes: readonly { readonly last: { readonly gtid: string } }[]; readonly gaps: readonly { readonly first: string; readonly last: string }[] }[]
}

test('what is written while the archive is off is a gap, however the log goes on', async () => {
  await using gear = testGear('127.0.82.41')
  const archive = join(gear.folder, 'archive')
  expect((await gear.setup('--archive', archive, '--peers', 'n1/127.0.82.41')).stderr).toContain('is no folder')
  expect((await gear.setup('--peers', 'n1/127.0.82.41')).exitCode).toBe(0)
  mkdirSync(archive)
  chownSync(archive, statSync(gear.dir).uid, -1)
  const sql = (text: string) => execFileSync('mariadb', ['-uroot', `--socket=${gear.dir}/run/mariadbd.sock`, '-NB', 'app', '-e', text], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  const put = () => sql('INSERT INTO t VALUES (NULL); SELECT @@last_gtid')
  const switchTo = async (folder: string) => {
    expect((await gear.run('setup', '--archive', folder)).exitCode).toBe(0)
    expect((await gear.run('restart')).exitCode).toBe(0)
  }
  const shown = async () => JSON.parse((await gear.run('archive', '--json')).stdout) as Answer
  const archived = (gtid: string) => expect.poll(async () => (await shown()).histories[0]?.nodes[0]?.last.gtid).toBe(gtid)

  await switchTo(archive)
  sql('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY)')
  await archived(put())
  // A statement that fails is no gap, not where a log begins either.
  await switchTo(archive)
  expect(() => sql('CREATE TABLE t (a INT)')).toThrow('exists')
  const last = put()
  await archived(last)
  expect(await gear.run('archive')).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('GAP') })

  await switchTo('')
  expect((await gear.run('archive')).exitCode).toBe(2)
  for (let more = 0; more < 3; more++) sql('INSERT INTO t VALUES (NULL)')
  await switchTo(archive)
  await archived(put())
  const seqno = Number(last.split('-')[2])
  expect((await shown()).histories[0]?.gaps).toMatchObject([{ first: `0-1-${seqno + 1}`, last: `0-1-${seqno + 3}` }])
  expect(await gear.run('archive')).toMatchObject({ exitCode: 5, stdout: expect.stringContaining(`GAP: nobody has 0-1-${seqno + 1}`) })
})
