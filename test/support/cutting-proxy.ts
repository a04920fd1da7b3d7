import { createServer, connect, type Socket } from 'node:net'

/** When the connection is cut: before the server gets the statement, or after it answered but before the client hears of it. */
export type Cut = 'before' | 'after'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** Cuts the next connection over which this statement is sent. */
  readonly cutAt: (statement: string, when: Cut) => void
}

/** Stands between a client and a real server, and cuts the wire where a test needs it. */
export async function makeCuttingProxy(host: string, port: number): Promise<CuttingProxy> {
  let cut: { readonly statement: string; readonly when: Cut } | null = null
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    let deaf = false
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on('data', (data: Buffer) => {
      // COM_QUERY
      const text = data[4] === 3 ? data.subarray(5).toString() : ''
      if (cut !== null && text === cut.statement) {
        const { when } = cut
        cut = null
        if (when === 'before') return end()
        deaf = true
      }
      upstream.write(data)
    })
    upstream.on('data', (data) => (deaf ? end() : client.write(data)))
    client.on('close', end)
    upstream.on('close', end)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    cutAt: (statement, when) => (cut = { statement, when }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
