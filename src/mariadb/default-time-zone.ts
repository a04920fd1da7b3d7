import { join } from 'node:path'
import { OutsideError } from '../errors.ts'
import { run } from '../system/processes.ts'
import type { Mariadb } from './programs.ts'

/** Where the operating system keeps them. */
const ZONES = '/usr/share/zoneinfo'

/** Milliseconds. */
const TIMEOUT = 60_000

/** The time zone that the last of these options names; null: the system's, or an offset, which need no tables. Pure. */
export function namedTimeZone(options: string): string | null {
  const zone = [...options.matchAll(/--default[-_]time[-_]zone=(\S+)/g)].at(-1)?.[1] ?? 'SYSTEM'
  return /^(SYSTEM|[+-]\d{1,2}:\d{2})$/i.test(zone) ? null : zone
}

/** Statements of mariadb-tzinfo-to-sql that fill the tables, a line each: bootstrap mode takes no others. Pure. */
export function zoneStatements(output: string): readonly string[] {
  return output.split(/;\n/).map((statement) => statement.trim().replaceAll('\n', ' ')).filter((statement) => /^(INSERT INTO time_zone|SET @time_zone_id)/i.test(statement)).map((statement) => `${statement};`)
}

/**
 * A server whose settings name a time zone does not start on a datadir that was just made [ran]: a joiner by mysqldump, which serves SQL before it has the
 * donor's tables, gets that zone from the operating system. The transfer replaces it by the donor's.
 * @throws OutsideError `time-zone` @returns whether it was needed
 */
export async function giveTimeZone(datadir: string, { mariadbd }: Mariadb, config: string): Promise<boolean> {
  const zone = namedTimeZone((await run(mariadbd, [`--defaults-file=${config}`, '--print-defaults'], { timeout: TIMEOUT })).stdout)
  if (zone === null) return false
  const hint = 'Install the package tzdata and MariaDB\'s server package on this host, correct default_time_zone, or choose another sst-method for this join.'
  if (!/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(zone)) throw new OutsideError('time-zone', `default_time_zone ${JSON.stringify(zone)} is no name of a time zone`, hint)
  const made = await run('mariadb-tzinfo-to-sql', ['--skip-write-binlog', join(ZONES, zone), zone], { timeout: TIMEOUT })
  const statements = zoneStatements(made.stdout)
  if (made.exitCode !== 0 || statements.length === 0) throw new OutsideError('time-zone', `the time zone ${zone} of default_time_zone cannot be read from ${ZONES}: ${made.stderr.trim().split('\n').at(-1) ?? ''}`, hint)
  const filled = await run(mariadbd, ['--no-defaults', '--bootstrap', '--skip-log-bin', '--wsrep-on=OFF', `--datadir=${datadir}`], { timeout: TIMEOUT, input: ['USE mysql;', ...['time_zone', 'time_zone_name', 'time_zone_transition', 'time_zone_transition_type'].map((table) => `DELETE FROM ${table};`), ...statements, ''].join('\n') })
  if (filled.exitCode !== 0 || /^ERROR:/m.test(filled.stderr)) throw new OutsideError('time-zone', `the time zone ${zone} of default_time_zone cannot be given to the new datadir: ${filled.stderr.trim().split('\n').at(-1) ?? ''}`, hint)
  return true
}
