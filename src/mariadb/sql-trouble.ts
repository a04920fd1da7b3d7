import { NotYetError } from '../errors.ts'

const CONNECTIONS_FULL = 1040

/** That every connection is taken, and the one for administrators too. */
export const isFull = (trouble: string | null): boolean => trouble?.includes(`(error ${CONNECTIONS_FULL})`) === true

/** By MariaDB's error number. */
const REFUSED: Readonly<Record<number, string>> = {
  [CONNECTIONS_FULL]: 'max_connections is reached: it refuses the agent too (error 1040). End connections, or raise max_connections',
  1203: 'max_user_connections is reached for the agent\'s user (error 1203). Set it to 0',
  1226: 'a limit of the agent\'s user is reached (error 1226). See SHOW GRANTS',
  1044: 'it refuses the agent\'s login (error 1044). The users in its data are of another secret, or were changed',
  1045: 'it refuses the agent\'s login (error 1045). The users in its data are of another secret, or were changed',
  1698: 'it refuses the agent\'s login (error 1698). The users in its data are of another secret, or were changed',
  1969: 'it ends the agent\'s statements for max_statement_time (error 1969). Set it to 0, globally',
}

/** Nobody listens on the socket: it starts, or ends. */
const NO_SOCKET: ReadonlySet<unknown> = new Set(['ENOENT', 'ECONNREFUSED'])

/** Why a server that runs did not tell its status, for people. */
export function sqlTrouble(error: unknown): string {
  const { errno, code, message, sqlState } = error as { errno?: number; code?: string; message?: string; sqlState?: string }
  if (NO_SOCKET.has(code)) return 'mariadbd runs but does not take connections: it is starting, or its socket is gone'
  if (error instanceof NotYetError || code === 'ETIMEDOUT') return 'mariadbd runs but does not answer SQL: it hangs, or is stopped by a debugger'
  if (errno !== undefined && errno in REFUSED) return `mariadbd runs, but ${REFUSED[errno]}`
  if (sqlState !== undefined) return `mariadbd answers with error ${errno}: ${message}`
  return `mariadbd runs but does not answer SQL: ${message}`
}
