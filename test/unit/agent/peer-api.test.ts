import { expect, test } from 'vitest'
import { DEPARTURE_PATH } from '../../../src/agent/departure.ts'
import type { Node } from '../../../src/agent/node.ts'
import { peerApi } from '../../../src/agent/peer-api.ts'
import { HEADERS, isAnswerSignature, signRequest } from '../../../src/peers/signature.ts'
import { HISTORY, nodeUuid } from '../galera/nodes.ts'

const KEY = Buffer.alloc(32, 1)

test('a node that can not do what it was asked says so signed: it is no stranger', async () => {
  const log = { error: () => undefined }
  const node = { key: KEY, log, ledger: { update: () => Promise.reject(new Error('ENOSPC')) } } as unknown as Node
  const body = JSON.stringify({ name: 'n2', nodeUuid: nodeUuid('n2'), uuid: HISTORY, seqno: '5' })
  const { time, nonce, signature } = signRequest(KEY, 'POST', DEPARTURE_PATH, body, Date.now())
  const answer = await peerApi(node).request(DEPARTURE_PATH, { method: 'POST', body, headers: { [HEADERS.time]: time, [HEADERS.nonce]: nonce, [HEADERS.signature]: signature } })
  const header = (name: string) => answer.headers.get(name) ?? ''
  expect(answer.status).toBe(500)
  expect(isAnswerSignature(KEY, 500, await answer.text(), { time: header(HEADERS.time), nonce, signature: header(HEADERS.signature) })).toBe(true)
})
