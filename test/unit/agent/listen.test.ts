import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { roomWithin } from '../../../src/agent/connections.ts'
import { closeServer, listenOpenly } from '../../../src/agent/listen.ts'

const HOST = '127.0.152.1'
const PEER = '127.0.152.9'
const ROOM = { strangers: 8, ofOne: 4, peers: 2 }

/** An agent's port with little room; `requests` counts what gets through. */
async function opened(answer: () => Response | Promise<Response> = () => new Response('ok')) {
  const seen = { requests: 0 }
  const app = new Hono()
  app.all('*', () => {
    seen.requests++
    return answer()
  })
  const server = await listenOpenly(app, { host: HOST, port: 0 }, (address) => address === PEER, ROOM)
  onTestFinished(() => closeServer(server))
  const { port } = server.address() as { port: number }
  const open = async (from: string): Promise<Socket> => {
    const socket = connect({ host: HOST, port, localAddress: from })
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return socket
  }
  return { seen, open, connections: () => new Promise((resolve) => server.getConnections((_error, count) => resolve(count))) }
}

const ask = (socket: Socket, times = 1): Promise<string> => {
  socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(times))
  return new Promise((resolve) => {
    const told = (data: Buffer) => end(data.toString().split('\r\n')[0] ?? '')
    const ended = () => end('ended')
    const end = (how: string) => {
      socket.off('data', told).off('close', ended)
      resolve(how)
    }
    socket.on('data', told).on('close', ended)
  })
}

const OK = 'HTTP/1.1 200 OK'

test('strangers leave room for listed peers, and no address takes the room of another', async () => {
  const { open, connections } = await opened()
  const from = (at: number) => `127.0.152.${at}`
  for (const address of [2, 3]) for (let flood = 0; flood < 20; flood++) await open(from(address))
  await expect.poll(connections).toBe(ROOM.strangers)
  expect(await ask(await open(PEER))).toBe(OK)
})

test('a connection that says nothing gives way to a new one', async () => {
  const { open } = await opened()
  for (let flood = 0; flood < ROOM.ofOne; flood++) await open('127.0.152.2')
  await expect.poll(async () => ask(await open('127.0.152.2'))).toBe(OK)
})

test('a request that is sent as slowly as one likes gives way as well', async () => {
  const { open } = await opened(() => new Promise(() => undefined))
  for (let flood = 0; flood < ROOM.ofOne; flood++) (await open('127.0.152.2')).write('POST /v1/fence HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf')
  await expect.poll(async () => {
    const socket = await open('127.0.152.2')
    return Promise.race([ask(socket), delay(100).then(() => 'stays')])
  }, { interval: 100 }).toBe('stays')
})

test('who sends requests before it has the answers is cut off, and the rest of them is not looked at', async () => {
  const { seen, open } = await opened(() => new Promise(() => undefined))
  const socket = await open('127.0.152.2')
  expect(await ask(socket, 500)).toBe('ended')
  expect(seen.requests).toBeLessThan(10)
})

test('one after the other over one connection is as before', async () => {
  const { open } = await opened()
  const socket = await open('127.0.152.2')
  for (let round = 0; round < 20; round++) expect(await ask(socket)).toBe(OK)
})

test.each([[256, 85], [1_024, 341], [524_288, 512], [20, 32]])('of %i open files %i are for connections', (files, all) => {
  const { strangers, peers, ofOne } = roomWithin(files)
  expect(strangers + peers).toBe(all)
  expect(ofOne).toBeLessThanOrEqual(strangers / 2)
})
