import { connect, createServer, type LookupFunction } from 'node:net'

/** Whether something accepts TCP connections there within the time (milliseconds). */
export function accepts(host: string, port: number, timeout: number, lookup: LookupFunction): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, lookup })
    const end = (result: boolean) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(timeout, () => end(false))
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** null where we can listen there, else the error's code. */
export function canListen(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  })
}
