import { once } from 'node:events'
import { readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { endProcess } from '../support/processes.ts'

/** Two real nodes on 127.0.153.x whose agents may open 1,024 files, and strangers that only reach their ports. */
let cluster: TestCluster
const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const servers: number[] = []
const AGENT_PORT = 4570

beforeAll(async () => {
  cluster = await makeCluster(153, 2, { enter: () => ['sh', '-c', 'ulimit -n 1024 && exec "$@"', 'sh'] })
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  servers.push(...cluster.nodes.map((one) => cluster.serverPid(one)))
})
afterAll(async () => {
  await cluster[Symbol.asyncDispose]()
  // An agent that took its server for dead has forgotten its pid.
  for (const pid of servers) endProcess(pid)
})

/** Another host's address: the nodes' own connections, all from 127.0.0.1 here, are not the strangers'. */
const ELSEWHERE = '127.0.153.99'

/** Before a stranger comes again, milliseconds: here the flood and the nodes share the processors. */
const AGAIN = 500

/** A connection to the agent of n1 that a stranger makes anew whenever it ends. */
function stranger(begin: (socket: Socket) => void): void {
  const ended = new AbortController()
  onTestFinished(() => ended.abort())
  const open = () => {
    const socket = connect({ host: node(0).address, port: AGENT_PORT, localAddress: ELSEWHERE, signal: ended.signal })
    socket.on('error', () => undefined).on('connect', () => begin(socket)).on('close', () => void (ended.signal.aborted || setTimeout(open, AGAIN)))
  }
  open()
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: n1\r\n\r\n`

/** What n2 sees of n1, and n1 of itself. */
async function seen(): Promise<unknown> {
  const [own, other] = await Promise.all([cluster.run(node(0), 'status'), cluster.run(node(1), 'status', '--json')])
  const { nodes } = JSON.parse(other.stdout) as { nodes: { name: string; state: string }[] }
  return { own: own.exitCode, other: nodes.find(({ name }) => name === 'n1')?.state }
}

const LOOKS = 6
async function allIsWell(): Promise<void> {
  for (let look = 0; look < LOOKS; look++) expect(await seen()).toEqual({ own: 0, other: 'Synced' })
}

test('/health/writable says what the server says', async () => {
  const health = async () => (await fetch(`http://${node(0).address}:${AGENT_PORT}/health/writable`)).status
  await expect.poll(health).toBe(200)
  await cluster.asRoot(node(0), 'SET GLOBAL read_only = ON')
  await expect.poll(health).toBe(503)
  await cluster.asRoot(node(0), 'SET GLOBAL read_only = OFF; SET GLOBAL wsrep_reject_queries = ALL')
  await expect.poll(health).toBe(503)
  await cluster.asRoot(node(0), 'SET GLOBAL wsrep_reject_queries = NONE')
  await expect.poll(health).toBe(200)
})

test('5,000 health checks a second over one connection, none waiting for an answer', async () => {
  stranger((socket) => {
    const pour = setInterval(() => socket.write(request('/health/writable').repeat(500)), 100)
    socket.resume().once('close', () => clearInterval(pour))
  })
  await allIsWell()
})

test('300 connections that ask for the state without the secret', async () => {
  for (let at = 0; at < 300; at++) {
    stranger((socket) => {
      socket.write(request('/v1/state'))
      socket.on('data', () => socket.write(request('/v1/state')))
    })
  }
  await allIsWell()
})

test('1,300 connections that say nothing: a view is recorded, peers are answered, and the server is not taken for dead', async () => {
  for (let at = 0; at < 1_300; at++) stranger((socket) => socket.resume())
  await allIsWell()
  const pid = cluster.serverPid(node(0))
  await cluster.must(node(1), 'stop')
  await expect.poll(() => cluster.viewSize(node(0)), { timeout: 30_000 }).toBe(1)
  await cluster.must(node(1), 'start')
  await expect.poll(() => cluster.viewSize(node(0)), { timeout: 30_000 }).toBe(2)
  await allIsWell()
  expect(cluster.serverPid(node(0))).toBe(pid)
  expect(readFileSync(join(node(0).gear, 'log/agent.log'), 'utf8')).not.toContain('ended unexpectedly')
})

test.each([['unsigned', ''], ['with a signature of its own', 'x-galeractl-signature: x\r\n']])('2,000 requests %s that are cut off before they are whole write no more than some lines', async (_what, header) => {
  const log = join(node(0).gear, 'log/agent.log')
  const before = statSync(log).size
  for (let at = 0; at < 2_000; at++) {
    const socket = connect(AGENT_PORT, node(0).address).on('error', () => undefined)
    socket.write(`POST /v1/fence HTTP/1.1\r\nhost: n1\r\n${header}content-length: 100\r\n\r\nhalf`, () => socket.resetAndDestroy())
    await once(socket, 'close')
  }
  await allIsWell()
  expect(statSync(log).size - before).toBeLessThan(10_000)
})
