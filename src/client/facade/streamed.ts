import type { EventEmitter } from 'node:events'
import type { Query } from 'mysql2'
import type { Taken } from '../nodes/cluster.ts'
import type { SqlError } from '../errors.ts'
import type { Link, Work } from '../nodes/link.ts'

/** Sends it, and resolves when it has ended, to its error if it has one. What it reports goes to who listens to the command. */
export function sendCommand(command: Query, { link }: Taken, work: Work): Promise<Error | null> {
  return new Promise((resolve) => {
    // mysql2 tells the connection alone that it was lost.
    const off = link.onDead(() => command.emit('error', link.dead))
    const end = (error: Error | null) => {
      off()
      resolve(error)
    }
    let sent = false
    command.once('end', () => end(null))
    command.on('error', (error: SqlError) => {
      end(error)
      // Not from the server (a timeout, a typeCast that throws): rows may still come, and would be taken for the answer to the next statement.
      if (sent && error.sqlState === undefined) link.kill(error)
    })
    if (work.protocol === 'execute') executeFor(command, link, work)
    else (link.connection.query as unknown as (command: Query) => void).call(link.connection, command)
    sent = true
  })
}

/** What was answered as a whole, told as mysql2 tells a stream: one result after the other. */
export function tellAnswer(command: Query, rows: unknown, fields: unknown): void {
  const several = Array.isArray(fields) && fields.some((one) => one === undefined || Array.isArray(one))
  const results = several ? (rows as readonly unknown[]) : [rows]
  for (const [index, result] of results.entries()) {
    const columns: unknown = several ? (fields as readonly unknown[])[index] : fields
    command.emit('fields', columns, index)
    for (const row of columns === undefined ? [result] : (result as readonly unknown[])) command.emit('result', row, index)
  }
  command.emit('end')
}

/** What is prepared is a command of its own: its events are told on, and `_connection` is what the command's stream pauses. */
function executeFor(command: Query, { connection }: Link, { options }: Work): void {
  try {
    const executed = (connection.execute as unknown as (options: Work['options']) => EventEmitter).call(connection, options)
    for (const event of ['fields', 'result', 'error', 'end']) executed.on(event, (...told) => command.emit(event, ...told))
    Object.assign(command, { _connection: connection })
  } catch (error) {
    // mysql2 throws for values that can't be bound.
    command.emit('error', error)
  }
}
