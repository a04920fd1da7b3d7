import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { newLedger } from '../../src/galera/ledger.ts'
import { galeractl } from '../support/cluster.ts'
import { testGear } from '../support/gear.ts'

/** A gear on 127.0.175.1 whose ledger is sound, but not for who reads it: nothing is forgotten, nothing starts. */

test.each([
  ['GALERACTL_NAME names another node', newLedger('n1'), { GALERACTL_NAME: 'z' }, 'is the ledger of node "n1", but this gear is to run as z'],
  ['a newer galeractl wrote it', { ...newLedger('n1'), version: 2 }, {}, 'version 2'],
])('%s: start is refused, and the ledger stays as it is', async (_what, ledger, env, message) => {
  await using gear = testGear('127.0.175.1')
  expect(await gear.setup('--peers', 'n1/127.0.175.1')).toMatchObject({ exitCode: 0 })
  const path = join(gear.dir, 'state/ledger.json')
  writeFileSync(path, JSON.stringify(ledger))
  execFileSync('chown', ['mysql:mysql', path])
  for (const command of ['start', 'explain']) {
    expect(await galeractl(['--gear', gear.dir, command], env)).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(message) })
  }
  expect(readFileSync(path, 'utf8')).toBe(JSON.stringify(ledger))
  expect(readdirSync(join(gear.dir, 'state')).filter((name) => name.includes('damaged'))).toEqual([])
})
