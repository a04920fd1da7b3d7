import { execFileSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { optionMeant, quoted, readOptions, serverGroups } from '../../../src/mariadb/option-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const OWN = String.raw`# a comment
[mariadbd]
port=3306
; another
  max-connections = 100   # of all
innodb_buffer_pool_size= "1G"
skip-name-resolve
wsrep_provider_options = "gcache.size=1M;a=#b"
init_connect='SET a="#1"' # quoted
secure-file-priv = /a\sb\\c\q
tmpdir = 'it''s'
loose-foo = 1
empty =
[client]
port=1
[ mysqld]
port=2
[mysqld ]
socket = "/a/b" "c"
[server] # and more
log_bin = x\ty
[mysqld-10.11]
datadir=/x
[mysqld-5.5]
datadir=/y
[galera]
wsrep_on=ON
!include MORE
[mariadb-backup]
user=x
!includedir FOLDER
port=7
[client-server]
port=8
`

test('options are read as my_print_defaults reads them: groups, quotes, comments, includes, the order of files', async () => {
  await using folder = await temporaryFolder()
  const at = (...names: string[]) => join(folder.path, ...names)
  await mkdir(at('conf.d'))
  await writeFile(at('my.cnf'), OWN.replace('MORE', at('more.cnf')).replace('FOLDER', at('conf.d')))
  await writeFile(at('more.cnf'), '[mariadb]\nport = 5\n[server')
  const files = { 'b.cnf': '[mariadbd]\nport=10\n', 'a.cnf': '[mariadbd]\nport=9\n\n\nserver_id=4', 'B.cnf': '[mariadbd]\nport=11\n', 'x.y.cnf': '[mariadbd]\nport=12', '.cnf': '[mariadbd]\nport=13', 'd.ini': '[mariadbd]\nport=14', 'e.cnf~': '[mariadbd]\nport=15', 'open.cnf': '[mariadbd]\nport=16' }
  for (const [name, text] of Object.entries(files)) await writeFile(at('conf.d', name), text)
  await chmod(at('conf.d/open.cnf'), 0o666)
  await writeFile(at('more.cnf'), '[mariadb]\nport = 5\n')
  const options = await readOptions(at('my.cnf'), serverGroups('10.11'))
  const printed = execFileSync('my_print_defaults', [`--defaults-file=${at('my.cnf')}`, '--mariadbd'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').slice(0, -1)
  expect(options.map(({ name, value, loose }) => `--${loose ? 'loose_' : ''}${name}${value === null ? '' : `=${value}`}`)).toEqual(printed.map((line) => line.replace(/^[^=]+/, (name) => `--${name.slice(2).replaceAll('-', '_')}`)))
  expect(options.find(({ name }) => name === 'server_id')).toMatchObject({ file: at('conf.d/a.cnf'), line: 5 })
  expect(options.find(({ name }) => name === 'port')).toMatchObject({ value: '3306', file: at('my.cnf'), line: 3 })
})

test.each(['plain', 'a # b', '"quoted"', String.raw`back\slash`, 'two\nlines', "it's", ''])('%s is read back as it was quoted', async (value) => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'my.cnf')
  await writeFile(file, `[mariadbd]\nx = ${quoted(value)}\n`)
  expect((await readOptions(file, serverGroups('10.11'))).map((one) => one.value)).toEqual([value])
  expect(execFileSync('my_print_defaults', [`--defaults-file=${file}`, '--mariadbd'], { encoding: 'utf8' })).toBe(`--x=${value}\n`)
})

test.each([
  ['port', 'port', null],
  ['wsrep_cluster_n', 'wsrep_cluster_name', null],
  ['wsrep_cluster', null, null],
  ['skip_wsrep_on', 'wsrep_on', 'OFF'],
  ['disable_wsrep_on', 'wsrep_on', 'OFF'],
  ['enable_wsrep_on', 'wsrep_on', 'ON'],
  ['skip_networking', 'skip_networking', null],
  ['skip_netw', 'skip_networking', null],
  ['fish', null, null],
])('%s means %s', (written, name, value) => {
  const known = new Set(['port', 'port_open_timeout', 'wsrep_on', 'wsrep_cluster_name', 'wsrep_cluster_address', 'skip_networking'])
  expect(optionMeant(written, known)).toEqual(name === null ? null : { name, value })
})
