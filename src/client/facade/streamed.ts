import type { Query } from 'mysql2'
import type { Taken } from '../nodes/cluster.ts'

/** Sends it, and resolves when it has ended, to its error if it has one. What it reports goes to who listens to the command. */
export function sendCommand(command: Query, { link }: Taken): Promise<Error | null> {
  return new Promise((resolve) => {
    // mysql2 tells the connection alone that it was lost.
    const off = link.onDead(() => command.emit('error', link.dead))
    const end = (error: Error | null) => {
      off()
      resolve(error)
    }
    command.once('end', () => end(null))
    command.on('error', end)
    ;(link.connection.query as unknown as (command: Query) => void).call(link.connection, command)
  })
}
