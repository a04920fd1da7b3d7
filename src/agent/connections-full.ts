import type { Fault } from '../errors.ts'
import { isFull } from '../mariadb/sql-trouble.ts'
import type { Node } from './node.ts'

/** No application can connect, as the agent last saw it, twice a second: who asks costs the server nothing. */
export const connectionsFull = ({ state, session }: Node): boolean => (state.status?.fullAt ?? null) !== null || isFull(session.trouble)

export function connectionAlarms(node: Node): readonly Fault[] {
  if (!connectionsFull(node)) return []
  const most = node.state.status?.fullAt ?? null
  return [{
    code: 'connections-full',
    message: `${node.config.name} lets no application in: ${most === null ? 'all connections' : `all ${most} connections`} of max_connections are taken`,
    hint: 'End idle connections (SHOW PROCESSLIST over run/mariadbd.sock), lower the pools of the applications, or raise max_connections.',
  }]
}
