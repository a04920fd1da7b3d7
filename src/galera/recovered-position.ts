import { OutsideError } from '../errors.ts'
import { type Gtid, parseGtid } from './gtid.ts'

/**
 * The position in what `mariadbd --wsrep-recover` prints:
 * `… WSREP: Recovered position: UUID:SEQNO[,GTID]` [ran]. The last one counts.
 * @throws OutsideError `no-recovered-position`
 */
export function parseRecoveredPosition(output: string): Gtid {
  return parseGtid(recovered(output).position)
}

/**
 * MariaDB's GTID in the same line: InnoDB has both from one write, so it is exactly where the data ends, which what mariadb-backup
 * notes beside it need not be. '' where nothing was ever replicated.
 * @throws OutsideError `no-recovered-position`
 */
export function parseRecoveredGtid(output: string): string {
  return recovered(output).gtid
}

function recovered(output: string): { readonly position: string; readonly gtid: string } {
  const [, position, gtid = ''] = [...output.matchAll(/WSREP: Recovered position:\s*([0-9a-fA-F-]{36}:-?\d+)(?:,(\d+-\d+-\d+))?/g)].at(-1) ?? []
  if (position === undefined) {
    throw new OutsideError('no-recovered-position', 'mariadbd --wsrep-recover printed no position', 'Read its output above: a damaged datadir must be repaired or moved aside.')
  }
  return { position, gtid }
}
