import type { Query } from 'mysql2'
import type { Taken } from '../nodes/cluster.ts'

/** Sends it, and settles when it has ended, either way. What it reports goes to who listens to the command. */
export function sendCommand(command: Query, { link }: Taken): Promise<void> {
  return new Promise((resolve) => {
    // mysql2 tells the connection alone that it was lost.
    const off = link.onDead(() => command.emit('error', link.dead))
    const end = () => {
      off()
      resolve()
    }
    command.once('end', end)
    command.on('error', end)
    ;(link.connection.query as unknown as (command: Query) => void).call(link.connection, command)
  })
}
