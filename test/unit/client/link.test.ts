import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'mysql2'
import { expect, onTestFinished, test } from 'vitest'
import { Link } from '../../../src/client/nodes/link.ts'
import { inTime } from '../../../src/client/position.ts'

/** A server that takes connections and answers nothing afterwards, not even QUIT. */
async function hungServer(): Promise<number> {
  const server = createServer((connection) => {
    const authCallback = (_who: unknown, welcome: (error: null) => void) => {
      welcome(null)
      // What comes next is a new exchange.
      Object.assign(connection, { sequenceId: 0 })
    }
    connection.serverHandshake({ protocolVersion: 10, serverVersion: '5.5.5-10.11.19-MariaDB', connectionId: 1, statusFlags: 2, characterSet: 8, capabilityFlags: 0xffffff, authCallback })
    for (const event of ['query', 'quit', 'error']) connection.on(event, () => undefined)
  })
  await new Promise<void>((resolve) => (server.listen as (port: number, host: string, done: () => void) => void)(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close(() => undefined))
  return ((server as unknown as { _server: { address: () => AddressInfo } })._server.address()).port
}

const linkTo = async () => {
  const link = new Link({ host: '127.0.0.1', port: await hungServer() })
  await link.ready
  return { link, stream: (link.connection as unknown as { stream: Socket }).stream }
}

test('a connection that is closed in order goes, also where the server does not end it', async () => {
  const { link, stream } = await linkTo()
  link.close()
  await expect.poll(() => stream.destroyed, { timeout: 10_000 }).toBe(true)
})

test('a question of our own that is not answered in time costs the connection', async () => {
  const { link, stream } = await linkTo()
  await expect(inTime(link, 50, link.rows('SELECT 1'))).rejects.toMatchObject({ code: 'GALERA_NODE_LOST', message: 'no answer came within 50 ms' })
  expect([link.dead?.message, stream.destroyed]).toEqual(['no answer came within 50 ms', true])
})
