import { connect, createServer, type Socket } from 'node:net'
import { hostPort } from '../galera/endpoint.ts'
import { istBind } from '../mariadb/my-cnf.ts'
import { readIfExists } from '../system/files.ts'
import type { Node } from './node.ts'

/**
 * Behind a port proxy, mariadbd listens for IST on the number of the public port, which is what Galera tells donors; what the
 * proxy brings to ist-port is handed on to it here. Nothing to do where both are one, or where my.cnf is of an earlier setup.
 */
export async function relayIst({ config, paths, log }: Node): Promise<Disposable> {
  const { bindAddress: host, listen, own } = config
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (donor) => {
    const mariadbd = connect({ host, port: own.istPort, allowHalfOpen: true })
    for (const [one, other] of [[donor, mariadbd], [mariadbd, donor]] as const) {
      sockets.add(one)
      // Both ends see a cut; the joiner asks for a state transfer again.
      one.on('error', () => other.destroy())
      one.on('close', () => sockets.delete(one))
      one.pipe(other)
    }
  })
  const end = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  if (own.istPort === listen.ist || (await readIfExists(paths.config))?.includes(istBind(config)) !== true) return { [Symbol.dispose]: end }
  server.on('error', (error) => log.error({ err: error }, `cannot listen on ${hostPort(host, listen.ist)}: no incremental state transfer reaches this node through its port proxy`))
  server.listen({ host, port: listen.ist })
  return { [Symbol.dispose]: end }
}
