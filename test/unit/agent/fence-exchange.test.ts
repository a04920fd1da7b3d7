import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { derive } from '../../../src/config/secrets.ts'
import { acknowledge, raiseFence } from '../../../src/agent/fence-exchange.ts'
import { LedgerStore } from '../../../src/agent/ledger-store.ts'
import { Node } from '../../../src/agent/node.ts'
import { reportDown } from '../../../src/agent/report.ts'
import type { Decision } from '../../../src/galera/decision.ts'
import type { Proposal } from '../../../src/galera/fence.ts'
import { type Endpoint, parseEndpoint } from '../../../src/galera/endpoint.ts'
import { newLedger } from '../../../src/galera/ledger.ts'
import type { Down } from '../../../src/galera/observation.ts'
import { askPeers } from '../../../src/peers/ask.ts'
import { signerOf } from '../../../src/peers/identity.ts'
import { down, HISTORY, position } from '../galera/nodes.ts'
import { agentOf, signedAnswer, tinyPeer, type TinyPeer } from '../peers/tiny-peer.ts'

const SECRET = 'x'.repeat(64)
const KEY = derive(SECRET, 'agent-messages')
const goFirst: Decision = { do: 'bootstrap', uuid: HISTORY, seqno: 17n, known: ['n1'], leftBehind: [], without: [], reason: '', rule: '', evidence: [] }
const ofN2: Proposal = { epoch: 2, kind: 'bootstrap', chosen: 'n2', from: 'n2', uuid: HISTORY, seqno: 18n, known: ['n1', 'n2'], uncounted: [] }

async function stopped(peers: readonly Endpoint[] = []): Promise<Node> {
  const gear = mkdtempSync(join(tmpdir(), 'galeractl-unit-'))
  onTestFinished(() => rmSync(gear, { recursive: true }))
  const { store } = await LedgerStore.open(join(gear, 'ledger.json'), 'n1')
  const node = new Node({} as never, { name: 'n1', clusterName: 'galera', own: parseEndpoint('n1/127.0.42.9'), peers, weight: 1, probeTimeout: 2_000, secret: SECRET } as never, {} as never, store, {} as never, { info: () => undefined } as never)
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

/** Its word, as the node's own agent would take it: what n1 then decides on. */
async function heardBy(node: Node): Promise<Down> {
  node.hear(await askPeers(node.others, { key: node.key, clusterName: 'galera', timeout: 2_000 }))
  return reportDown(node)
}

/** An agent that keeps what it acknowledges. */
const agent = (name: string): Promise<TinyPeer> => {
  const store = { ledger: newLedger(name), update: async (change: (ledger: unknown) => unknown) => void (store.ledger = change(store.ledger) as never) }
  const { data } = down(name, position(17))
  return agentOf({ key: signerOf(KEY, name), log: { info: () => undefined }, hearFrom: () => undefined, config: { clusterName: 'galera', name, peers: [], weight: 1 }, status: null, server: null, intent: 'start', launched: null, datadir: { data, gvwstate: null, restorable: true, damaged: [] }, givenUpViews: new Set(), ledger: store } as unknown as Node, name)
}

/** Stands in a peer's place and hands each request on to whom it likes. */
const proxy = (name: string, ports: { readonly state: () => number; readonly fence: () => number }): Promise<TinyPeer> =>
  tinyPeer(name, async (request, response) => {
    const body = (await request.toArray()).join('')
    const { method = '', url = '' } = request
    const port = url.startsWith('/v1/state') ? ports.state() : ports.fence()
    const headers = Object.entries(request.headers).filter(([header]) => /^(x-galeractl|content-type)/.test(header)) as [string, string][]
    const answer = await fetch(`http://127.0.42.1:${port}${url}`, { method, headers, ...(body === '' ? {} : { body }) })
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })

const portOf = ({ endpoint }: TinyPeer) => endpoint.agentPort

test('a peer that acknowledges counts', async () => {
  await using n2 = await agent('n2')
  const node = await stopped([n2.endpoint])
  expect(await raiseFence(node, goFirst, await heardBy(node))).toEqual({ held: true, epoch: 1 })
})

test.each(['n2', null])('who gets its own proposal back has no acknowledgement of it (peer listed as %s)', async (listed) => {
  await using n2 = await agent('n2')
  let own = 0
  await using between = await proxy('n2', { state: () => portOf(n2), fence: () => own })
  const node = await stopped([{ ...between.endpoint, name: listed }])
  await using n1 = await agentOf(node, 'n1')
  own = portOf(n1)
  const self = await heardBy(node)
  expect(node.observations).toMatchObject([{ kind: 'down', name: 'n2' }])
  expect(await raiseFence(node, goFirst, self)).toEqual({ held: false, reason: expect.stringMatching(/ did not answer \(other-node\)/) })
  expect(node.launched).toBeNull()
})

test.each([['n2', 'n3'], [null, null]])('an acknowledgement of n3 is none of n2, whose place a proxy has (peers listed as %s and %s)', async (second, third) => {
  await using n2 = await agent('n2')
  await using n3 = await agent('n3')
  await using between = await proxy('n2', { state: () => portOf(n2), fence: () => portOf(n3) })
  const node = await stopped([{ ...between.endpoint, name: second }, { ...n3.endpoint, name: third }])
  const self = await heardBy(node)
  expect(node.observations).toMatchObject([{ name: 'n2' }, { name: 'n3' }])
  expect(await raiseFence(node, goFirst, self)).toEqual({ held: false, reason: expect.stringContaining('n2') })
})

/** An agent of the version before: it signs its answers, and does not say who it is. */
const agentBefore = (name: string, promise: Down['promise']): Promise<TinyPeer> =>
  tinyPeer(name, (request, response) => signedAnswer(request.url?.startsWith('/v1/state') ? { ...down(name, position(17)), promise } : { ack: true }, 0, Buffer.from(KEY))(request, response))

test('an agent of the version before counts as soon as its state has what it acknowledged', async () => {
  await using n2 = await agentBefore('n2', { epoch: 1, kind: 'bootstrap', chosen: 'n1', others: [], settled: false })
  const node = await stopped([n2.endpoint])
  const self = await heardBy(node)
  expect(node.observations).toMatchObject([{ kind: 'down', name: 'n2' }])
  node.observations = node.observations.map((one) => ({ ...one, promise: null }) as never)
  expect(await raiseFence(node, goFirst, self)).toEqual({ held: true, epoch: 1 })
})

test('an acknowledgement from the place of an agent of the version before, of which its state has nothing, is not its own', async () => {
  await using n2 = await agentBefore('n2', null)
  const node = await stopped([n2.endpoint])
  const self = await heardBy(node)
  expect(node.observations).toMatchObject([{ kind: 'down', name: 'n2' }])
  expect(await raiseFence(node, goFirst, self)).toEqual({ held: false, reason: 'n2 has not recorded what was acknowledged at its address' })
})
