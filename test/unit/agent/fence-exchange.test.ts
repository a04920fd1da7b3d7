import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { acknowledge, raiseFence } from '../../../src/agent/fence-exchange.ts'
import { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { Node } from '../../../src/agent/node.ts'
import { reportDown } from '../../../src/agent/report.ts'
import type { Decision } from '../../../src/galera/decision.ts'
import type { Proposal } from '../../../src/galera/fence.ts'
import { HISTORY, position } from '../galera/nodes.ts'

const goFirst: Decision = { do: 'bootstrap', uuid: HISTORY, seqno: 17n, known: ['n1'], leftBehind: [], without: [], reason: '', rule: '', evidence: [] }
const ofN2: Proposal = { epoch: 2, kind: 'bootstrap', chosen: 'n2', from: 'n2', uuid: HISTORY, seqno: 18n, known: ['n1', 'n2'], uncounted: [] }

async function stopped(): Promise<Node> {
  const gear = mkdtempSync(join(tmpdir(), 'galeractl-unit-'))
  onTestFinished(() => rmSync(gear, { recursive: true }))
  const { store } = await LedgerStore.open(join(gear, 'ledger.json'), 'n1')
  const node = new Node({} as never, { name: 'n1', peers: null, weight: 1, secret: 'x'.repeat(64) } as never, {} as never, store, {} as never, { info: () => undefined } as never)
  node.datadir = { data: position(17), gvwstate: null, restorable: false, damaged: [] }
  return node
}

test('a node that nobody overtakes goes first', async () => {
  const node = await stopped()
  expect(await raiseFence(node, goFirst, reportDown(node))).toEqual({ held: true, epoch: 1 })
  expect(node.launched).toBe('bootstrap')
})

test('who has acknowledged another since it decided does not go first, however many epochs it would be ahead: that one may be Primary by now', async () => {
  const node = await stopped()
  node.observations = [{ ...reportDown(node), name: 'n3', promise: { epoch: 7, kind: 'bootstrap', chosen: 'n3', others: [], settled: true } }]
  const self = reportDown(node)
  expect(await acknowledge(node, ofN2)).toEqual({ ack: true })
  expect(await raiseFence(node, goFirst, self)).toEqual({ held: false, reason: 'n2 was acknowledged meanwhile' })
  expect(node.launched).toBeNull()
})
