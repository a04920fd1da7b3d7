import { connect, createServer, type Socket } from 'node:net'

export interface PortProxy extends AsyncDisposable {
  /** Connections so far. */
  readonly count: () => number
}

/** Hands on what comes to one address and port to another, as a platform's port proxy does. */
export async function makePortProxy(from: { readonly host: string; readonly port: number }, to: { readonly host: string; readonly port: number }): Promise<PortProxy> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer({ allowHalfOpen: true }, (outside) => {
    count++
    const inside = connect({ ...to, allowHalfOpen: true })
    for (const [one, other] of [[outside, inside], [inside, outside]] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => sockets.delete(one))
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(from, resolve)
  })
  return {
    count: () => count,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
