import { OutsideError } from '../errors.ts'
import { Session } from '../mariadb/session.ts'
import { agentPassword } from '../mariadb/users.ts'
import { configOf, type Gear } from './gear.ts'

/**
 * What a database has in place of a thread dump: SHOW FULL PROCESSLIST, a line for each session.
 * @throws OutsideError `no-sql`
 */
export async function threadLines(gear: Gear): Promise<readonly string[]> {
  await using session = new Session(gear.paths.socket, agentPassword(configOf(gear)))
  const rows = await session.query('SHOW FULL PROCESSLIST').catch((cause: Error) => {
    throw new OutsideError('no-sql', `mariadbd does not answer: ${cause.message}`, 'Start the node, then ask again; galeractl status shows what it does.', { cause })
  })
  return rows.map((row) => Object.entries(row).map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(' '))
}
