import { OutsideError } from '../errors.ts'
import { isUuid } from './gtid.ts'
import { isSameNode } from './view.ts'

/** What `gvwstate.dat` says: the last primary view, as group-communication UUIDs without names or weights. */
export interface Gvwstate {
  /** Counted up at each start that reads the file: it may be a later incarnation of the member that it is [ran]. */
  readonly myUuid: string
  /** `view_id: TYPE UUID SEQ`: UUID and sequence together name the view. */
  readonly viewId: string
  readonly members: readonly string[]
}

/** @throws OutsideError `bad-gvwstate` for an empty, truncated or foreign file: it happens after a power cut (codership/galera#354). */
export function parseGvwstate(text: string): Gvwstate {
  const myUuid = text.match(/^my_uuid: (\S+)$/m)?.[1]
  const viewId = text.match(/^view_id: \d+ (\S+) (\d+)$/m)
  const members = [...text.matchAll(/^member: (\S+) \d+$/gm)].map((match) => match[1] ?? '')
  const closed = /^#vwend$/m.test(text)
  if (
    myUuid === undefined ||
    viewId === null ||
    !closed ||
    ![myUuid, ...members].every(isUuid) ||
    !members.some((member) => isSameNode(member, myUuid))
  ) {
    throw new OutsideError('bad-gvwstate', `gvwstate.dat is damaged: ${JSON.stringify(text.slice(0, 120))}`, 'It is set aside; the ledger decides.')
  }
  return { myUuid, viewId: `${viewId[1]}/${viewId[2]}`, members: members.toSorted() }
}
