import type { LoggedEvent } from '../galera/notify-event.ts'

const row = (time: string, status: string, component: string, place: string, change: string) => [time.padEnd(23), status.padEnd(14), component.padEnd(12), place.padEnd(6), change].join('  ').trimEnd()

export const EVENT_HEAD = row('time (UTC)', 'status', 'component', 'index', 'members')

/** One event for people. What other nodes are called can't move the cursor or hide. */
export function eventLine(event: LoggedEvent): string {
  const { status, primary, index, size, joined, left } = event
  const time = event.time.replace('T', ' ').replace('Z', '')
  if (event.source === 'malformed') return row(time, 'malformed', '', '', shown(event.text ?? ''))
  if (event.source === 'vote') return row(time, 'voted out', '', '', event.text ?? '')
  const names = (sign: string, some: readonly string[]) => some.map((name) => `${sign}${shown(name)}`)
  const change = [size === null ? '' : String(size), ...names('+', joined), ...names('-', left), event.source === 'server' ? '(not told by mariadbd)' : ''].filter((part) => part !== '')
  return row(time, status ?? '', primary === null ? '' : primary ? 'primary' : 'non-primary', index === null ? '' : String(index), change.join(' '))
}

/** Names of the usual kind as they are, others quoted, with everything escaped that is not seen. */
const shown = (name: string) => (/^[A-Za-z0-9_.-]+$/.test(name) ? name : JSON.stringify(name).replace(/[\p{C}\p{Z}]/gu, (one) => (one === ' ' ? one : `\\u{${one.codePointAt(0)?.toString(16)}}`)))
