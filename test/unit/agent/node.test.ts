import { expect, test } from 'vitest'
import type { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { Node } from '../../../src/agent/node.ts'
import { report } from '../../../src/agent/report.ts'
import type { NodeStatus } from '../../../src/galera/node-status.ts'
import { type Ledger, newLedger, recordFlag, recordView } from '../../../src/galera/ledger.ts'
import { down, HISTORY, nodeUuid, position, silent, view } from '../galera/nodes.ts'

const makeNode = (ledger: Ledger = newLedger('n1')) => new Node({} as never, { name: 'n1', peers: null, weight: 1 } as never, {} as never, { ledger } as LedgerStore, {} as never, { warn: () => undefined } as never)

test.each([
  ['a node that was given up answers', (node: Node) => node.hear([down('n2', position(9)), silent('n3')]), true],
  ['it proposes something', (node: Node) => node.hearFrom('n2'), true],
  ['it stays silent', (node: Node) => node.hear([silent('n2'), silent('n3')]), false],
  ['another one answers', (node: Node) => node.hear([silent('n2'), down('n3', position(9))]), false],
])('an operator\'s word and %s: is it void?', (_what, happens, isVoid) => {
  const node = makeNode()
  node.word = { lose: ['n2'], gone: ['n2'], reason: 'burnt' }
  happens(node)
  expect(node.word === null).toBe(isVoid)
})

test('a word on one that answered when it was given stands: its data may be what is lost', () => {
  const node = makeNode()
  node.word = { lose: ['n2'], gone: [], reason: 'burnt' }
  node.hear([down('n2', { kind: 'fresh' })])
  expect(node.word).not.toBeNull()
})

test.each([
  ['is believed where Galera wrote it', newLedger('n1'), true],
  ['is not where the tool wrote it for a bootstrap that came to nothing', recordFlag(newLedger('n1'), 9n), false],
  ['is where the node has come further since', recordFlag(newLedger('n1'), 8n), true],
  ['is where the node was Primary since', recordView(recordFlag(newLedger('n1'), 9n), view(9, ['n1'])), true],
])('safe_to_bootstrap %s', (_what, ledger, believed) => {
  const node = makeNode(ledger)
  node.datadir = { data: position(9, { safeToBootstrap: true }), gvwstate: null, restorable: false, damaged: [] }
  expect(report(node)).toMatchObject({ data: { safeToBootstrap: believed } })
})

test('a primary node whose present view is not known yet tells none, rather than that of an earlier component', () => {
  const node = makeNode(recordView(newLedger('n1'), view(5, ['n1', 'n2'])))
  node.server = {} as never
  node.status = { stateUuid: HISTORY, lastCommitted: 9n, primary: true, nodeUuid: nodeUuid('n1') } as NodeStatus
  expect(report(node)).toMatchObject({ kind: 'primary', view: { seqno: 5n } })
  node.viewKnown = false
  expect(report(node)).toMatchObject({ kind: 'primary', view: null })
})
