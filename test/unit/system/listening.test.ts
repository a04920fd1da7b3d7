import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { isListenedOn } from '../../../src/system/listening.ts'

test.each(['127.0.0.1', '::1'])('a port of %s that is listened on, and when it is no longer', async (host) => {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  expect(await isListenedOn(port)).toBe(true)
  server.close()
  await once(server, 'close')
  expect(await isListenedOn(port)).toBe(false)
})
