import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { installDatadir } from '../../../src/mariadb/datadir.ts'
import type { Mariadb } from '../../../src/mariadb/programs.ts'
import { scratch } from '../snapshot/samples.ts'

/** A gear whose redo log lies elsewhere, and a program that tells so and installs a datadir. */
function gear() {
  const dir = scratch()
  const at = (...names: string[]) => join(dir, ...names)
  mkdirSync(at('redo'))
  const program = (name: string, script: string) => {
    writeFileSync(at(name), `#!/bin/sh\n${script}`, { mode: 0o755 })
    return at(name)
  }
  const folder = 'for word; do case "$word" in --datadir=*) data="${word#--datadir=}";; esac; done'
  const mariadb = {
    version: '10.11.19',
    mariadbd: program('mariadbd', `case "$*" in *--help*) printf '%s\\n' '${'-'.repeat(60)} ---' 'innodb-log-group-home-dir ${at('redo')}' 'innodb-page-size 32768';; esac\n`),
    installDb: program('install', `${folder}\necho "$@" >> ${at('words')}\nmkdir "$data/mysql"; echo new > "$data/ib_logfile0"\n`),
  } as Mariadb
  return { at, install: () => installDatadir(at('data'), mariadb, '', { as: 'gear', config: at('my.cnf'), tell: () => undefined }) }
}

test('each file of a new datadir is where the settings want it; cut off on the way, the next run goes on', async () => {
  const { at, install } = gear()
  expect(await install()).toBe(true)
  expect(readdirSync(at('redo'))).toEqual(['ib_logfile0'])
  expect(readdirSync(at('data'))).toEqual(['galeractl-empty', 'mysql'])
  const cut = gear()
  mkdirSync(cut.at('data.new/mysql'), { recursive: true })
  writeFileSync(cut.at('data.placing'), '')
  writeFileSync(cut.at('redo/ib_logfile0'), 'placed before the cut')
  expect(await cut.install()).toBe(true)
  expect(readdirSync(cut.at()).filter((name) => name.startsWith('data'))).toEqual(['data'])
})

test('a file that lies there already is of somebody else, and stays', async () => {
  const { at, install } = gear()
  writeFileSync(at('redo/ib_logfile0'), 'not ours')
  await expect(install()).rejects.toMatchObject({ code: 'foreign-files' })
  expect(readdirSync(at()).filter((name) => name.startsWith('data'))).toEqual([])
})
