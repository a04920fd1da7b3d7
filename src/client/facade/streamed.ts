import type { Query } from 'mysql2'
import type { Taken } from '../nodes/cluster.ts'

/** Sends it, and settles when it has ended, either way. What it reports goes to who listens to the command. */
export function sendCommand(command: Query, { link }: Taken): Promise<void> {
  return new Promise((resolve) => {
    command.once('end', () => resolve())
    // An error that nobody listens to is the application's to see, as with mysql2; the connection tells of it.
    command.on('error', () => resolve())
    link.onDead(() => resolve())
    ;(link.connection.query as unknown as (command: Query) => void).call(link.connection, command)
  })
}
