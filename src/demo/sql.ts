import { createConnection, type Connection } from 'mysql2/promise'
import type { Demo, DemoNode } from './place.ts'
import { OutsideError } from '../errors.ts'

/** Runs statements on a node as the application's user. */
export async function withNode<Value>(demo: Demo, node: DemoNode, work: (connection: Connection) => Promise<Value>): Promise<Value> {
  const { stdout, exitCode, stderr } = await demo.galeractl(node, ['connection-info', '--json'])
  if (exitCode !== 0) throw new OutsideError('demo', `${node.name}: ${stderr}`, 'Run galeractl demo down and galeractl demo again.')
  const { host, port, user, password, database } = JSON.parse(stdout) as { host: string; port: number; user: string; password: string; database: string }
  const connection = await createConnection({ host, port, user, password, database, connectTimeout: 10_000 })
  try {
    return await work(connection)
  } finally {
    connection.destroy()
  }
}
