import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { datadirBytes, isReplaced, launchFault, transferFault } from '../../../src/gear/space.ts'
import { freeBytes } from '../../../src/system/disk.ts'
import { scratch } from '../snapshot/samples.ts'

const MIB = 1024 * 1024
const donor = { name: 'n1', bytes: 1000 * MIB, cachedDownto: 50n }

test('a launch needs 64 MiB', () => {
  expect(launchFault('/g/data', 64 * MIB)).toBeNull()
  expect(launchFault('/g/data', 10 * MIB)).toMatchObject({ code: 'disk-full', message: 'the disk of /g/data is full: 10 MiB are free there, 64 MiB are needed to start mariadbd' })
})

test('a full copy begins only where it fits in what is free and what it replaces', () => {
  expect(transferFault('/g/data', 1200 * MIB, { seqno: null, replaced: 0, donors: [donor] })).toBeNull()
  expect(transferFault('/g/data', 700 * MIB, { seqno: null, replaced: 500 * MIB, donors: [donor] })).toBeNull()
  expect(transferFault('/g/data', 700 * MIB, { seqno: null, replaced: 0, donors: [donor] })?.message).toBe("a full copy of n1's data does not fit on the disk of /g/data: it needs 1114 MiB, 700 MiB are free there; no state transfer begins, and what is there stays")
})

test('who needs write-sets alone needs no room for a full copy', () => {
  const transfer = (seqno: bigint | null, cachedDownto: bigint | null) => transferFault('/g/data', 70 * MIB, { seqno, replaced: 0, donors: [{ ...donor, cachedDownto }] })
  expect(transfer(49n, 50n)).toBeNull()
  expect(transfer(48n, 50n)).not.toBeNull()
  expect(transfer(null, 50n)).not.toBeNull()
  expect(transfer(49n, null)).not.toBeNull()
  // Nothing is cached.
  expect(transfer(49n, 0n)).not.toBeNull()
})

test('agents of earlier versions tell no size: then nothing is refused', () => {
  expect(transferFault('/g/data', 70 * MIB, { seqno: null, replaced: 0, donors: [] })).toBeNull()
})

test('what is moved aside takes its room on', () => {
  const position = { kind: 'position', uuid: 'u', seqno: 1n, source: 'recovered', safeToBootstrap: false } as const
  expect(isReplaced(position, { aside: false, madeEmpty: false })).toBe(true)
  expect(isReplaced(position, { aside: true, madeEmpty: false })).toBe(false)
  expect(isReplaced({ kind: 'partial' }, { aside: false, madeEmpty: true })).toBe(true)
  expect(isReplaced({ kind: 'partial' }, { aside: false, madeEmpty: false })).toBe(false)
  expect(isReplaced({ kind: 'nil' }, { aside: false, madeEmpty: false })).toBe(false)
})

test('a datadir is as large as what is sent of it; a missing folder lies where the next one above does', async () => {
  const data = join(scratch(), 'data')
  expect(await datadirBytes(data)).toBe(0)
  expect(await freeBytes(join(data, 'not', 'yet'))).toBeGreaterThan(0)
  mkdirSync(join(data, 'app'), { recursive: true })
  for (const [name, size] of [['ibdata1', 1000], ['app/t.ibd', 200], ['ibtmp1', 5000], ['binlog.000001', 5000]] as const) writeFileSync(join(data, name), Buffer.alloc(size))
  expect(await datadirBytes(data)).toBe(1200)
})
