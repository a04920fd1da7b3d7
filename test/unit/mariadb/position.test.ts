import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NIL_UUID } from '../../../src/galera/gtid.ts'
import { isEmptyDatadir, markEmpty, unmarkEmpty } from '../../../src/mariadb/empty-datadir.ts'
import { readDatadir } from '../../../src/mariadb/position.ts'
import { HISTORY } from '../galera/nodes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** A datadir with these files and folders (names that end with /), and what --wsrep-recover finds in it. */
async function read(folder: string, names: readonly string[] | null, { recovered = `${NIL_UUID}:-1`, ...known }: { recovered?: string; joining?: boolean; member?: boolean; marked?: 'and touched' | 'untouched' } = {}) {
  const datadir = join(folder, 'data')
  if (names !== null) await mkdir(datadir)
  for (const name of names ?? []) await (name.endsWith('/') ? mkdir(join(datadir, name)) : writeFile(join(datadir, name), ''))
  if (known.marked !== undefined) await markEmpty(datadir)
  if (known.marked === 'and touched') await writeFile(join(datadir, 'ibdata1'), 'rows')
  const mariadbd = join(folder, 'mariadbd')
  await writeFile(mariadbd, `#!/bin/sh\necho "WSREP: Recovered position: ${recovered}"\n`)
  await chmod(mariadbd, 0o755)
  return (await readDatadir({ datadir, mariadbd, series: '10.11', config: '/dev/null', departure: null, joining: known.joining === true, member: known.member === true, restored: null })).data
}

const installed = ['mysql/', 'performance_schema/', 'sys/', 'ibdata1', 'ib_logfile0', 'undo001', 'aria_log.00000001', 'aria_log_control', 'ib_buffer_pool', 'mysql_upgrade_info', 'multi-master.info']
const standAlone = [...installed, 'shop/', 'shop/orders.frm']
const strange = { kind: 'unknown', strange: true }

test.each([
  ['is not there', null, {}, { kind: 'fresh' }],
  ['is empty', [], {}, { kind: 'fresh' }],
  ['is as setup made and marked it', installed, { marked: 'untouched' }, { kind: 'fresh' }],
  ['is as a version without the mark made it', [...installed, 'my_app/', 'my_app/db.opt'], {}, { kind: 'fresh' }],
  ['was launched on once, and that came to nothing', [...installed, 'galera.cache', 'grastate.dat', 'tc.log'], {}, { kind: 'fresh' }],
  ['is a server\'s that was part of no cluster', standAlone, {}, strange],
  ['has such a one copied over what setup had marked', standAlone, { marked: 'and touched' }, strange],
  ['has binary logs of a server', [...installed, 'mysql-bin.000001'], {}, strange],
  ['is a server\'s that ran as a node without a position', [...standAlone, 'galera.cache'], {}, strange],
  ['is such a one, of a member', [...standAlone, 'galera.cache'], { member: true }, { kind: 'nil' }],
  ['is a member\'s without grastate.dat and galera.cache', standAlone, { recovered: `${HISTORY}:7` }, { kind: 'position', uuid: HISTORY, seqno: 7n }],
  ['is half of a transfer', ['ibdata1'], { joining: true }, { kind: 'partial' }],
] as const)('a datadir that %s', async (_what, names, known, data) => {
  await using folder = await temporaryFolder()
  expect(await read(folder.path, names, known)).toMatchObject(data)
})

test('a launch takes the mark away, so that nothing that a server wrote counts as empty', async () => {
  await using folder = await temporaryFolder()
  await read(folder.path, installed, { marked: 'untouched' })
  const datadir = join(folder.path, 'data')
  expect(await isEmptyDatadir(datadir)).toBe(true)
  await unmarkEmpty(datadir)
  expect(await isEmptyDatadir(datadir)).toBe(false)
})
