import pino, { type Logger } from 'pino'

export type { Logger }

/** Logs as JSON lines on stderr, at once: stdout is for results, and a crash loses no line. */
export function jsonLog(level: string): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: 2, sync: true }))
}

/** Logs for people on stderr. */
export async function humanLog(level: string): Promise<Logger> {
  const { default: pretty } = await import('pino-pretty')
  const stream = pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', singleLine: true, colorize: process.stderr.isTTY ?? false })
  return pino({ level, base: null }, stream)
}
