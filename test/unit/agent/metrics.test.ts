import { expect, test } from 'vitest'
import { healthApi } from '../../../src/agent/health-api.ts'
import { Loop } from '../../../src/agent/loop.ts'
import { METRICS, renderMetrics } from '../../../src/agent/metrics.ts'
import { Node } from '../../../src/agent/node.ts'
import type { NodeStatus } from '../../../src/galera/node-status.ts'
import { initialState, type State } from '../../../src/galera/cycle/state.ts'
import { newLedger } from '../../../src/galera/ledger.ts'

const own = { name: 'n1', host: '10.0.0.1', sqlPort: 3306 }
const makeNode = (metrics = 'host', state: Partial<State> = {}) => {
  const config = { name: 'n1', clusterName: 'test', own, peers: [own, { name: null, host: '10.0.0.2', sqlPort: 3307 }], metrics }
  const loop = new Loop({ ...initialState({ name: 'n1', listed: true, weight: 1, majority: false, absentWait: 0, stopTimeout: 1 }, newLedger('n1')), ...state })
  return new Node({} as never, { config } as never, {} as never, {} as never, {} as never, { warn: () => undefined } as never, loop)
}

const get = (path: string) => async (node: Node, remoteAddress: string, localAddress: string) => healthApi(node).request(path, {}, { incoming: { socket: { remoteAddress, localAddress } } })
const ask = async (...call: Parameters<ReturnType<typeof get>>) => (await get('/metrics')(...call)).status

test.each([
  ['127.0.0.1', '127.0.0.1', 200],
  ['10.0.0.1', '10.0.0.1', 200],
  ['::1', '::1', 200],
  ['::ffff:127.0.0.1', '::ffff:127.0.0.1', 200],
  ['10.0.0.2', '10.0.0.1', 403],
  ['128.0.0.1', '127.0.0.1', 403],
  ['fd00::2', 'fd00::1', 403],
])('by default only this host may read them: %s at %s gets %i', async (remote, local, status) => {
  expect(await ask(makeNode(), remote, local)).toBe(status)
})

test('anybody may where the setting says so', async () => {
  expect(await ask(makeNode('anybody'), '10.0.0.2', '10.0.0.1')).toBe(200)
})

test('the same may have the addresses of the nodes', async () => {
  const nodes = get('/nodes')
  expect(await (await nodes(makeNode(), '127.0.0.1', '127.0.0.1')).json()).toEqual({ cluster: 'test', nodes: [{ name: 'n1', host: '10.0.0.1', port: 3306 }, { name: '10.0.0.2', host: '10.0.0.2', port: 3307 }] })
  expect((await nodes(makeNode(), '10.0.0.2', '10.0.0.1')).status).toBe(403)
  expect((await nodes(makeNode('anybody'), '10.0.0.2', '10.0.0.1')).status).toBe(200)
})

test('every metric has its value, events by their status', async () => {
  const node = makeNode()
  node.counts.byStatus.set('synced', 3).set('bad"\n', 1)
  node.counts.malformed = 2
  node.counts.runTime = 1_500
  const text = await renderMetrics(node)
  for (const { name, type } of METRICS) expect(text).toContain(`# TYPE ${name} ${type}\n`)
  expect(text).toContain('galeractl_events_total{status="synced"} 3\n')
  expect(text).toContain('galeractl_notify_malformed_total 2\n')
  expect(text).toContain('galeractl_notify_command_seconds_total 1.5\n')
  expect(text).toContain('galeractl_view_index -1\n')
  expect(text).toContain('status="bad\\"\\n"')
})

test('names are Prometheus\': a counter ends in _total, a gauge does not', () => {
  for (const { name, type } of METRICS) {
    expect(name).toMatch(/^galeractl_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
  }
})

test.each([
  ['Synced and takes writes', { takesWrites: true }, '200 writable'],
  ['read-only', { takesWrites: false }, '503 read-only'],
  ['a donor', { takesWrites: true, localState: 2 }, '503 not-synced'],
  ['all connections taken', { takesWrites: true, fullAt: 151 }, '503 max_connections'],
])('writable is told from the last look at the server, with one word: %s', async (_what, more, expected) => {
  const shown = { primary: true, ready: true, localState: 4, fullAt: null, ...more } as NodeStatus
  const writable = async (statusAt: number) => {
    const answer = await healthApi(makeNode('host', { status: shown, statusAt })).request('/health/writable')
    return `${answer.status} ${(await answer.text()).trim()}`
  }
  expect(await writable(performance.now())).toBe(expected)
  expect(await writable(-Infinity)).toBe('503 not-synced')
})
