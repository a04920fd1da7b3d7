import { expect, test } from 'vitest'
import { sendProposal } from '../../../src/agent/fence-exchange.ts'
import type { Node } from '../../../src/agent/node.ts'
import { derive } from '../../../src/config/secrets.ts'
import type { Endpoint } from '../../../src/galera/endpoint.ts'
import type { Proposal } from '../../../src/galera/fence.ts'
import type { Down } from '../../../src/galera/observation.ts'
import { signerOf } from '../../../src/peers/identity.ts'
import { down, HISTORY, position } from '../galera/nodes.ts'
import { agentOf, signedAnswer, tinyPeer, type TinyPeer } from '../peers/tiny-peer.ts'

const KEY = derive('x'.repeat(64), 'agent-messages')
const goFirst: Proposal = { epoch: 1, kind: 'bootstrap', chosen: 'n1', from: 'n1', uuid: HISTORY, seqno: 17n, known: ['n1'], uncounted: [] }

/** n1, which asks these. */
const asking = (others: readonly Endpoint[]) => ({ key: signerOf(KEY, 'n1'), others, config: { clusterName: 'galera', probeTimeout: 2_000 }, loop: { propose: async () => ({ ack: true }) } }) as unknown as Node

/** An agent that acknowledges. */
const agent = (name: string): Promise<TinyPeer> => agentOf({ key: signerOf(KEY, name), config: { clusterName: 'galera', name }, report: down(name, position(17)), loop: { propose: async () => ({ ack: true }) } } as unknown as Node, name)

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
  expect(await sendProposal(asking([n2.endpoint]), goFirst, ['n2'])).toEqual([{ ack: true, by: 'n2' }])
})

test.each(['n2', null])('who gets its own proposal back has no acknowledgement of it (peer listed as %s)', async (listed) => {
  await using n2 = await agent('n2')
  let own = 0
  await using between = await proxy('n2', { state: () => portOf(n2), fence: () => own })
  const node = asking([{ ...between.endpoint, name: listed }])
  await using n1 = await agentOf(node, 'n1')
  own = portOf(n1)
  expect(await sendProposal(node, goFirst, ['n2'])).toContainEqual({ ack: false, reason: expect.stringMatching(/ did not answer \(other-node\)/) })
})

test.each([['n2', 'n3'], [null, null]])('an acknowledgement of n3 is none of n2, whose place a proxy has (peers listed as %s and %s)', async (second, third) => {
  await using n2 = await agent('n2')
  await using n3 = await agent('n3')
  await using between = await proxy('n2', { state: () => portOf(n2), fence: () => portOf(n3) })
  const answers = await sendProposal(asking([{ ...between.endpoint, name: second }, { ...n3.endpoint, name: third }]), goFirst, ['n2', 'n3'])
  expect(answers).toContainEqual({ ack: false, reason: expect.stringContaining('n2') })
})

/** An agent of the version before: it signs its answers, and does not say who it is. */
const agentBefore = (name: string, promise: Down['promise']): Promise<TinyPeer> =>
  tinyPeer(name, (request, response) => signedAnswer(request.url?.startsWith('/v1/state') ? { ...down(name, position(17)), promise } : { ack: true }, 0, Buffer.from(KEY))(request, response))

test('an agent of the version before counts as soon as its state has what it acknowledged', async () => {
  await using n2 = await agentBefore('n2', { epoch: 1, kind: 'bootstrap', chosen: 'n1', others: [], settled: false })
  expect(await sendProposal(asking([n2.endpoint]), goFirst, ['n2'])).toEqual([{ ack: true, by: 'n2' }])
})

test('an acknowledgement from the place of an agent of the version before, of which its state has nothing, is not its own', async () => {
  await using n2 = await agentBefore('n2', null)
  expect(await sendProposal(asking([n2.endpoint]), goFirst, ['n2'])).toContainEqual({ ack: false, reason: 'n2 has not recorded what was acknowledged at its address' })
})
