import { describe, expect, test } from 'vitest'
import type { Endpoint } from '../../../src/galera/endpoint.ts'
import { askPeers } from '../../../src/peers/ask.ts'
import type { Signer } from '../../../src/peers/identity.ts'
import { sendMessage } from '../../../src/peers/message.ts'
import { HEADERS, signRequest } from '../../../src/peers/signature.ts'
import { down, gvwstate, position, view } from '../galera/nodes.ts'
import { agentPeer, closedPeer, KEY, SIGNER, signedAnswer, tinyPeer, type TinyPeer } from './tiny-peer.ts'

const report = down('n2', position(2n ** 62n + 1n), { view: view(5, ['n1', 'n2'], 'n2'), gvwstate: gvwstate('n2', ['n1', 'n2']) })
const ask = async (peer: Endpoint, timeout = 2000) => (await askPeers([peer], { key: SIGNER, clusterName: 'galera', timeout }))[0]
const silent = (reason: string) => ({ kind: 'silent', name: 'n2', reason, serving: false })

test('what a peer says arrives whole', async () => {
  await using peer = await agentPeer(report, 'galera')
  expect(await ask(peer.endpoint)).toEqual(report)
})

describe('silence is an observation:', () => {
  test('nobody listens', async () => {
    expect(await ask(await closedPeer('n2'))).toEqual(silent('refused'))
  })

  test('nobody listens, but a server does on the SQL port', async () => {
    await using server = await tinyPeer('n2', () => undefined)
    const peer = { ...(await closedPeer('n2')), sqlPort: server.endpoint.agentPort }
    expect(await ask(peer)).toEqual({ ...silent('refused'), serving: true })
  })

  test.each([
    ['text that is no JSON', 'bad-signature', 'hello'],
    ['JSON without a signature', 'bad-signature', '{"kind":"down"}'],
  ])('%s', async (_what, reason, text) => {
    await using peer = await tinyPeer('n2', (_request, response) => response.end(text))
    expect(await ask(peer.endpoint)).toEqual(silent(reason))
  })

  test('no HTTP at all', async () => {
    await using peer = await tinyPeer('n2', (request) => request.socket.end('\u0000\u0001garbage\r\n\r\n'))
    expect(await ask(peer.endpoint)).toEqual(silent('garbage'))
  })

  test('a signature of another secret', async () => {
    await using peer = await tinyPeer('n2', signedAnswer(report, 0, Buffer.alloc(32, 8)))
    expect(await ask(peer.endpoint)).toEqual(silent('bad-signature'))
  })

  test.each([
    ['no report', 'garbage', { kind: 'primary' }],
    ['the report of another node', 'other-node', { ...report, name: 'n9' }],
    ['the answer of another node', 'other-node', { ...report, answeredBy: { name: 'n9', incarnation: 'x' } }],
    ['a report that is not of the node that answers', 'garbage', { ...report, name: 'n9', answeredBy: { name: 'n2', incarnation: 'x' } }],
  ])('signed, but %s', async (_what, reason, value) => {
    await using peer = await tinyPeer('n2', signedAnswer(value, 0))
    expect(await ask(peer.endpoint)).toEqual(silent(reason))
  })

  test('an agent that can not answer says why, and is not taken for one with another secret', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write', path: 'state/ledger.json' })
    await using peer = await agentPeer(report, 'galera', { loop: { propose: () => Promise.reject(full) } as never })
    const proposal = { epoch: 1, kind: 'bootstrap', chosen: 'n1', from: 'n1', uuid: null, seqno: '-1' }
    const target = { host: peer.endpoint.host, port: peer.endpoint.agentPort }
    expect(await sendMessage(target, 'POST', '/v1/fence', proposal, { key: SIGNER, timeout: 2000 })).toEqual({ ok: false, reason: 'failed', detail: "cannot write state/ledger.json: ENOSPC" })
  })

  test('a body without end', async () => {
    await using peer = await tinyPeer('n2', (_request, response) => {
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', pour)
      pour()
    })
    expect(await ask(peer.endpoint, 10_000)).toEqual(silent('garbage'))
  })

  test('a connection that ends in the middle of an answer', async () => {
    await using peer = await tinyPeer('n2', (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('half')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await ask(peer.endpoint)).toMatchObject({ kind: 'silent' })
  })

  test('one byte at a time for ever', async () => {
    const drips: NodeJS.Timeout[] = []
    await using peer = await tinyPeer('n2', (_request, response) => {
      drips.push(setInterval(() => response.write(' '), 10))
    })
    expect(await ask(peer.endpoint, 300)).toEqual(silent('timeout'))
    for (const drip of drips) clearInterval(drip)
  })

  test('a peer of another cluster with the same secret', async () => {
    await using peer = await agentPeer(report, 'other')
    expect(await ask(peer.endpoint)).toEqual(silent('other-cluster'))
  })

  test('a name that does not resolve', async () => {
    const peer = { ...(await closedPeer('n2')), host: 'no-such-host.invalid' }
    expect(await ask(peer)).toMatchObject({ kind: 'silent', reason: expect.stringMatching(/unknown-host|timeout/) })
  })
})

describe('a server on the SQL port is seen, whatever its agent does:', () => {
  const respond: Readonly<Record<string, Parameters<typeof tinyPeer>[1]>> = {
    timeout: () => undefined,
    'bad-signature': (_request, response) => response.end('hello'),
    garbage: (request) => request.socket.end('\u0000\u0001garbage\r\n\r\n'),
    'other-node': signedAnswer({ ...report, name: 'n9' }, 0),
    failed: signedAnswer({ failed: 'x' }, 0, KEY, 500),
    'other-cluster': signedAnswer({ cluster: 'other' }, 0, KEY, 409),
    refused: (request) => request.socket.destroy(),
  }

  test.each(Object.keys(respond))('%s', async (reason) => {
    await using agent = await tinyPeer('n2', respond[reason] as never)
    await using server: TinyPeer = await tinyPeer('n2', () => undefined)
    expect(await ask({ ...agent.endpoint, sqlPort: server.endpoint.agentPort }, 1000)).toEqual({ ...silent(reason), serving: true })
    expect(await ask({ ...agent.endpoint, groupPort: server.endpoint.agentPort }, 1000)).toEqual({ ...silent(reason), serving: true })
  })
})

test('an agent that ends connections because it has too many is asked again', async () => {
  let requests = 0
  const answer = signedAnswer(report, 0)
  await using peer = await tinyPeer('n2', (request, response) => (requests++ < 2 ? request.socket.resetAndDestroy() : answer(request, response)))
  expect(await ask(peer.endpoint)).toEqual(report)
})

test('a request for another node, or that the asked node itself sent, is refused', async () => {
  await using peer = await agentPeer(report, 'galera')
  const target = { host: peer.endpoint.host, port: peer.endpoint.agentPort }
  const send = (key: Signer, name: string | null) => sendMessage({ ...target, name }, 'GET', '/v1/state', undefined, { key, timeout: 2000 })
  expect(await send(SIGNER, null)).toMatchObject({ ok: true, by: { name: 'n2' } })
  expect(await send(SIGNER, 'n2')).toMatchObject({ ok: true, by: { name: 'n2' } })
  expect(await send(SIGNER, 'n3')).toMatchObject({ ok: false, reason: 'other-node' })
  expect(await send({ ...SIGNER, name: 'n2' }, null)).toMatchObject({ ok: false, reason: 'other-node' })
})

test.each([3_600_000, -3_600_000])('a peer whose clock is %i ms off answers, at the second attempt and then at once', async (ahead) => {
  let requests = 0
  const answer = signedAnswer(report, ahead)
  await using peer = await tinyPeer('n2', (request, response) => {
    requests++
    answer(request, response)
  })
  expect(await ask(peer.endpoint)).toEqual(report)
  expect(requests).toBe(2)
  expect(await ask(peer.endpoint)).toEqual(report)
  expect(requests).toBe(3)
})

test('a request that is played again is refused by the agent', async () => {
  await using peer = await agentPeer(report, 'galera')
  const url = `http://${peer.endpoint.host}:${peer.endpoint.agentPort}`
  const signed = signRequest(KEY, 'GET', '/v1/state', '', Date.now())
  const headers = { [HEADERS.time]: signed.time, [HEADERS.nonce]: signed.nonce, [HEADERS.signature]: signed.signature }
  expect((await fetch(`${url}/v1/state`, { headers })).status).toBe(200)
  expect((await fetch(`${url}/v1/state`, { headers })).status).toBe(401)
})

test('the agent tells strangers nothing, and refuses what is old, malformed or too long', async () => {
  await using peer = await agentPeer(report, 'galera')
  const target = { host: peer.endpoint.host, port: peer.endpoint.agentPort }
  const url = `http://${target.host}:${target.port}/v1/state`
  const stranger = await fetch(url)
  expect([stranger.status, stranger.headers.get(HEADERS.signature)]).toEqual([401, null])
  const old = signRequest(KEY, 'GET', '/v1/state', '', Date.now() - 3_600_000)
  expect((await fetch(url, { headers: { [HEADERS.time]: old.time, [HEADERS.nonce]: old.nonce, [HEADERS.signature]: old.signature } })).status).toBe(425)
  expect(await sendMessage(target, 'POST', '/v1/fence', { epoch: 'x' }, { key: SIGNER, timeout: 2000 })).toMatchObject({ ok: false, reason: 'failed', detail: 'HTTP 400' })
  expect(await sendMessage(target, 'POST', '/v1/fence', 'x'.repeat(20_000), { key: SIGNER, timeout: 2000 })).toMatchObject({ ok: false })
})

test('200 peers of which half never answer take the time of one', async () => {
  await using answering = await agentPeer(report, 'galera')
  await using hanging = await tinyPeer('n2', () => undefined)
  const peers = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? answering.endpoint : hanging.endpoint))
  const started = performance.now()
  const said = await askPeers(peers, { key: SIGNER, clusterName: 'galera', timeout: 1500 })
  expect(performance.now() - started).toBeLessThan(3000)
  expect(said.map((one) => one.kind)).toEqual(peers.map((_, index) => (index % 2 === 0 ? 'down' : 'silent')))
})
