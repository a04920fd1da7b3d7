import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { poll } from '../../../src/agent/membership.ts'
import { Node } from '../../../src/agent/node.ts'
import { report } from '../../../src/agent/report.ts'
import type { NodeStatus } from '../../../src/galera/node-status.ts'
import { HISTORY, nodeUuid, view } from '../galera/nodes.ts'

const gvwstate = ['my_uuid: ' + nodeUuid('n1'), '#vwbeg', `view_id: 3 ${nodeUuid('n1')} 4`, 'bootstrap: 0', ...['n1', 'n2', 'n3'].map((name) => `member: ${nodeUuid(name)} 0`), '#vwend', ''].join('\n')
const outside: Partial<NodeStatus> = { stateUuid: HISTORY, lastCommitted: 9n, primary: false, connected: true, localState: 0, localStateComment: 'Initialized', nodeUuid: nodeUuid('n1'), receiveQueue: 0 }

async function running(): Promise<{ node: Node; gear: string }> {
  const gear = mkdtempSync(join(tmpdir(), 'galeractl-unit-'))
  onTestFinished(() => rmSync(gear, { recursive: true }))
  mkdirSync(join(gear, 'data'))
  writeFileSync(join(gear, 'data/gvwstate.dat'), gvwstate)
  const { store } = await LedgerStore.open(join(gear, 'ledger.json'), 'n1')
  const node = new Node({ data: join(gear, 'data') } as never, { name: 'n1', peers: null, weight: 1 } as never, {} as never, store, { status: async () => outside } as never, { error: () => undefined } as never)
  node.server = {} as never
  return { node, gear }
}

test('a server that no agent saw in its primary view tells that view as soon as it is seen outside of it, also where the ledger knows no history yet', async () => {
  const { node } = await running()
  await poll(node)
  expect(report(node)).toMatchObject({ kind: 'non-primary', view: { uuid: HISTORY, seqno: null, members: ['n1', 'n2', 'n3'].map((name) => ({ uuid: nodeUuid(name) })) } })
})

test('the id of a view is learned also where gvwstate.dat is written after the status tells of the view', async () => {
  const { node, gear } = await running()
  const inPrimary: Partial<NodeStatus> = { ...outside, primary: true, localState: 4, localStateComment: 'Synced', clusterSize: 2, clusterWeight: 2 }
  Object.assign(node.session, { status: async () => inPrimary, view: async () => view(5, ['n1', 'n2']), weight: async () => 1 })
  await poll(node)
  expect(node.ledger.ledger).toMatchObject({ view: { seqno: 5n }, viewIds: [] })
  writeFileSync(join(gear, 'data/gvwstate.dat'), gvwstate.replace('view_id: 3', 'view_id: 4').replace(/member: .*\n#vwend/, '#vwend'))
  await poll(node)
  expect(node.ledger.ledger).toMatchObject({ view: { seqno: 5n }, viewIds: [expect.stringContaining('4')] })
})

test('where the ledger can not be written, it tells nothing rather than an older view', async () => {
  const { node, gear } = await running()
  rmSync(gear, { recursive: true })
  mkdirSync(join(gear, 'data'), { recursive: true })
  writeFileSync(join(gear, 'data/gvwstate.dat'), gvwstate)
  mkdirSync(join(gear, 'ledger.json'))
  await poll(node)
  expect(report(node)).toMatchObject({ kind: 'down', data: { kind: 'unknown' } })
})
