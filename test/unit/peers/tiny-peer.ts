import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { serve } from '@hono/node-server'
import type { Node } from '../../../src/agent/node.ts'
import { peerApi } from '../../../src/agent/peer-api.ts'
import { type Endpoint, parseEndpoint } from '../../../src/galera/endpoint.ts'
import { BoundedLog } from '../../../src/system/bounded-log.ts'
import type { Down } from '../../../src/galera/observation.ts'
import { bigintAsText } from '../../../src/galera/schemas.ts'
import { type Signer, signerOf } from '../../../src/peers/identity.ts'
import { FRESH_MILLISECONDS, HEADERS, isRequestSignature, signAnswer } from '../../../src/peers/signature.ts'

export const KEY = Buffer.alloc(32, 7)
/** Of n1, which asks. */
export const SIGNER: Signer = signerOf(KEY, 'n1')
const HOST = '127.0.42.1'

export interface TinyPeer extends AsyncDisposable {
  readonly endpoint: Endpoint
}

/** A peer at 127.0.42.1 that answers as it is told. */
export async function tinyPeer(name: string, answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<TinyPeer> {
  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve))
  return listening(name, server)
}

/** The agent's own interface, in front of a node that only tells this. */
export async function agentPeer(report: Down, clusterName: string, more: Partial<Node> = {}): Promise<TinyPeer> {
  return agentOf({ ...nodeThatTells(report, clusterName), ...more } as Node, report.name)
}

/** The interface of an agent whose log is quiet. */
export async function agentOf(node: Node, name: string): Promise<TinyPeer> {
  const log = new BoundedLog({ warn: () => undefined, error: () => undefined } as never)
  const server = serve({ fetch: peerApi(node, log).fetch, hostname: HOST, port: 0 })
  if (!server.listening) await new Promise<void>((resolve) => server.once('listening', resolve))
  return listening(name, server as ReturnType<typeof createServer>)
}

function nodeThatTells(report: Down, clusterName: string): Node {
  const { name } = report
  return { key: signerOf(KEY, name), log: { info: () => undefined }, config: { clusterName, name, peers: [], weight: 1 }, report } as unknown as Node
}

/** Answers as an agent does whose clock is that far ahead. */
export function signedAnswer(report: unknown, ahead: number, key = KEY, answered = 200): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const sent = (await request.toArray()).join('')
    const header = (name: string) => String(request.headers[name] ?? '')
    const now = Date.now() + ahead
    const signed = { time: header(HEADERS.time), nonce: header(HEADERS.nonce), signature: header(HEADERS.signature) }
    const known = [KEY, key].some((one) => isRequestSignature(one, request.method ?? '', request.url ?? '', sent, signed))
    const status = known && Math.abs(now - Number(signed.time)) <= FRESH_MILLISECONDS ? answered : 425
    const body = JSON.stringify(status === answered ? report : { stale: true }, bigintAsText)
    response.writeHead(status, { [HEADERS.time]: String(now), [HEADERS.signature]: signAnswer(key, status, body, String(now), signed.nonce) }).end(body)
  }
}

/** An address where nobody listens. */
export async function closedPeer(name: string): Promise<Endpoint> {
  const peer = await tinyPeer(name, () => undefined)
  await peer[Symbol.asyncDispose]()
  return peer.endpoint
}

function listening(name: string, server: ReturnType<typeof createServer>): TinyPeer {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    endpoint: { ...parseEndpoint(`${name}/${HOST}/1/1/1/1/${address.port}`) },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
