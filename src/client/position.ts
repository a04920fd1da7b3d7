import type { Link } from './nodes/link.ts'

/** How far a node is, as MariaDB tells it, and its last number. */
export interface Position {
  readonly gtid: string
  readonly seqno: bigint
}

export const NOWHERE: Position = { gtid: '', seqno: -1n }

class Late extends Error {
  readonly code = 'GALERA_NODE_LOST'
}

/** `ordered`: after all that the cluster has ordered before (wsrep_sync_wait). */
export async function positionOf(link: Link, how: 'seen' | 'ordered'): Promise<Position> {
  const [row] = await link.rows(`${how === 'ordered' ? 'SET STATEMENT wsrep_sync_wait = 1 FOR ' : ''}SELECT WSREP_LAST_SEEN_GTID() AS gtid`)
  const gtid = String(row?.['gtid'] ?? '')
  const seqno = /^\d+-\d+-(\d+)$/.exec(gtid)?.[1]
  if (seqno === undefined) throw new Error(`the node's position is ${JSON.stringify(gtid)}`)
  return { gtid, seqno: BigInt(seqno) }
}

/** Whether it has answered a causal read in time; if not, it is left with it, and the connection given up. Rejects as a statement does. */
export function isCausal(link: Link, milliseconds: number): Promise<boolean> {
  return inTime(link, milliseconds, link.rows('SET STATEMENT wsrep_sync_wait = 1 FOR SELECT 1')).then(() => true, (error) => {
    if (error instanceof Late) return false
    throw error
  })
}

/** Gives the connection up where there is no answer in time, as where it is lost. */
export async function inTime<Value>(link: Link, milliseconds: number, answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Late(`no answer came within ${Math.round(milliseconds)} ms`)
      reject(error)
      link.kill(error)
    }, milliseconds)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
