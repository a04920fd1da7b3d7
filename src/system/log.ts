import pino, { type Logger } from 'pino'
import { visible } from './screen.ts'

export type { Logger }

/** Logs as JSON lines on stderr, at once: stdout is for results, and a crash loses no line. */
export function jsonLog(level: string): Logger {
  const destination = pino.destination({ dest: 2, sync: true })
  // The log may lie on a full disk: what can't be written is lost, and the agent goes on.
  destination.on('error', () => undefined)
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
}

/** Logs for people on stderr. */
export async function humanLog(level: string): Promise<Logger> {
  const { default: pretty } = await import('pino-pretty')
  const stream = pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', singleLine: true, colorize: process.stderr.isTTY ?? false })
  stream.on('error', () => undefined)
  return pino({ level, base: null, hooks: { streamWrite: visibleLine } }, stream)
}

/** A line of the log with what it holds as a person may see it: a name in it may be a stranger's. */
function visibleLine(line: string): string {
  return `${JSON.stringify(JSON.parse(line, (_key, value: unknown) => (typeof value === 'string' ? visible(value) : value)))}\n`
}
