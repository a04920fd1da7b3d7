import { OutsideError } from '../errors.ts'
import { type Gtid, parseGtid } from './gtid.ts'

/**
 * The position in what `mariadbd --wsrep-recover` prints:
 * `… WSREP: Recovered position: UUID:SEQNO[,GTID]` [ran]. The last one counts.
 * @throws OutsideError `no-recovered-position`
 */
export function parseRecoveredPosition(output: string): Gtid {
  const text = [...output.matchAll(/WSREP: Recovered position:\s*([0-9a-fA-F-]{36}:-?\d+)/g)].at(-1)?.[1]
  if (text === undefined) {
    throw new OutsideError('no-recovered-position', 'mariadbd --wsrep-recover printed no position', 'Read its output above: a damaged datadir must be repaired or moved aside.')
  }
  return parseGtid(text)
}
