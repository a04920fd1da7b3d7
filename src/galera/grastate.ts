import { OutsideError } from '../errors.ts'
import { isUuid, parseSeqno } from './gtid.ts'

/** What `grastate.dat` says. While the server runs, and after a crash, seqno is -1 [ran]. */
export interface Grastate {
  readonly uuid: string
  readonly seqno: bigint
  readonly safeToBootstrap: boolean
}

/** Only a line with its newline is whole: `seqno: 15` cut to `seqno: 1` is still a number. */
const field = (text: string, name: string): string | undefined =>
  text.match(new RegExp(`^${name}:[ \\t]*(\\S+)[ \\t]*\\r?\\n`, 'm'))?.[1]

/**
 * Parses `grastate.dat`. A truncated or foreign file is never guessed at: an absent
 * `safe_to_bootstrap` (written by Galera < 3.19) reads as false.
 * @throws OutsideError `bad-grastate`
 */
export function parseGrastate(text: string): Grastate {
  const uuid = field(text, 'uuid')?.toLowerCase()
  const seqno = field(text, 'seqno')
  const flag = field(text, 'safe_to_bootstrap') ?? '0'
  if (uuid === undefined || !isUuid(uuid) || seqno === undefined || !/^[01]$/.test(flag)) throw damaged(text)
  try {
    return { uuid, seqno: parseSeqno(seqno), safeToBootstrap: flag === '1' }
  } catch {
    throw damaged(text)
  }
}

export function formatGrastate(state: Grastate): string {
  return [
    '# GALERA saved state',
    'version: 2.1',
    `uuid:    ${state.uuid}`,
    `seqno:   ${state.seqno}`,
    `safe_to_bootstrap: ${state.safeToBootstrap ? 1 : 0}`,
    '',
  ].join('\n')
}

function damaged(text: string): OutsideError {
  return new OutsideError(
    'bad-grastate',
    `grastate.dat is damaged: ${JSON.stringify(text.slice(0, 120))}`,
    'The position is taken from InnoDB by --wsrep-recover instead.',
  )
}
