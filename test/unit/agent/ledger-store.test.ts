import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { newLedger, recordPromise, recordView } from '../../../src/galera/ledger.ts'
import { HISTORY, view } from '../galera/nodes.ts'
import { temporaryFolder } from '../temporary-folder.ts'

test('what was recorded is there after a restart, seqnos exact', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  const { store } = await LedgerStore.open(path, 'n1')
  await Promise.all([
    store.update((ledger) => recordView(ledger, { ...view(1, ['n1', 'n2']), seqno: 2n ** 62n + 1n })),
    store.update((ledger) => recordPromise(ledger, { epoch: 4, kind: 'reform', chosen: 'view/1' })),
  ])
  const { store: again, damaged } = await LedgerStore.open(path, 'n1')
  expect(damaged).toBeNull()
  expect(again.ledger).toEqual(store.ledger)
  expect(again.ledger).toMatchObject({ history: HISTORY, view: { seqno: 2n ** 62n + 1n }, promise: { epoch: 4 } })
})

test('a change that changes nothing writes nothing', async () => {
  await using folder = await temporaryFolder()
  const { store } = await LedgerStore.open(join(folder.path, 'ledger.json'), 'n1')
  await store.update((ledger) => ledger)
  expect(await readdir(folder.path)).toEqual([])
})

test.each([
  ['torn', JSON.stringify(newLedger('n1')).slice(0, 40)],
  ['empty', ''],
  ['foreign', '{"version":2}'],
  ['another node\'s', JSON.stringify(newLedger('n2'))],
])('a file that is %s is set aside, not guessed at', async (_what, text) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  await writeFile(path, text)
  const { store, damaged } = await LedgerStore.open(path, 'n1')
  expect(store.ledger).toEqual(newLedger('n1'))
  expect(await readFile(damaged ?? '', 'utf8')).toBe(text)
})

test('a change that could not be made durable does not count, and the next one does', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  const { store } = await LedgerStore.open(path, 'n1')
  await expect(store.update(() => { throw new Error('disk full') })).rejects.toThrow('disk full')
  await store.update((ledger) => recordPromise(ledger, { epoch: 1, kind: 'bootstrap', chosen: 'n1' }))
  expect((await LedgerStore.open(path, 'n1')).store.ledger.promise?.epoch).toBe(1)
})
