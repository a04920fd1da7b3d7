import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { lostLedger, newLedger, recordPromise, recordView } from '../../../src/galera/ledger.ts'
import { decide } from '../../../src/galera/rules/decide.ts'
import { down, HISTORY, position, silent, view } from '../galera/nodes.ts'
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
  ['foreign', '[]'],
  ['of another shape', JSON.stringify({ ...newLedger('n1'), promise: { epoch: 1.5 } })],
])('a file that is %s is set aside, not guessed at', async (_what, text) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  await writeFile(path, text)
  const { store, damaged } = await LedgerStore.open(path, 'n1', 'own', ['n2', 'n3'])
  expect(store.ledger).toMatchObject({ history: null, promise: { others: ['n2', 'n3'], settled: false }, decisions: [{ rule: 'ledger-damaged' }] })
  expect(await readFile(damaged ?? '', 'utf8')).toBe(text)
  expect((await LedgerStore.open(path, 'n1')).store.ledger).toEqual(store.ledger)
})

test.each([
  ['another node\'s', JSON.stringify(newLedger('n2')), 'ledger-name'],
  ['a newer galeractl\'s', '{"version":2}', 'ledger-version'],
  ['both', JSON.stringify({ ...newLedger('n2'), version: 3, promise: 'of another shape' }), 'ledger-version'],
])('a file that is %s is refused, to look or to own, and stays as it is', async (_what, text, code) => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  await writeFile(path, text)
  for (const mode of ['own', 'look'] as const) await expect(LedgerStore.open(path, 'n1', mode)).rejects.toMatchObject({ code, exitCode: 3 })
  expect(await readdir(folder.path)).toEqual(['ledger.json'])
  expect(await readFile(path, 'utf8')).toBe(text)
})

test('whose memory is lost waits for every peer that does not answer', () => {
  const { promise } = lostLedger('n1', ['n2', 'n3'], 'aside', 'now')
  const others = [down('n2', position(5), { view: view(5, ['n1', 'n2'], 'n2') })]
  expect(decide({ self: down('n1', position(5), { promise }), peers: [...others, silent('n3')] })).toMatchObject({ rule: 'chosen-is-silent', do: 'wait' })
  expect(decide({ self: down('n1', position(5), { promise }), peers: [...others, down('n3', position(4))] })).toMatchObject({ rule: 'most-advanced' })
})

test('what could not be read back is not written', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  const { store } = await LedgerStore.open(path, 'n1')
  await expect(store.update((ledger) => recordPromise(ledger, { epoch: 2 ** 53, kind: 'bootstrap', chosen: 'n1' }))).rejects.toThrow('could not be read back')
  expect(await readdir(folder.path)).toEqual([])
  expect(store.ledger.promise).toBeNull()
})

test('a change that could not be made durable does not count, and the next one does', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'ledger.json')
  const { store } = await LedgerStore.open(path, 'n1')
  await expect(store.update(() => { throw new Error('disk full') })).rejects.toThrow('disk full')
  await store.update((ledger) => recordPromise(ledger, { epoch: 1, kind: 'bootstrap', chosen: 'n1' }))
  expect((await LedgerStore.open(path, 'n1')).store.ledger.promise?.epoch).toBe(1)
})
