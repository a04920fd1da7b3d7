/** A write-set or a view change. Two entries with the same seqno and different parents are a fork. */
export interface Entry {
  readonly history: string
  readonly seqno: bigint
  readonly parent: Entry | null
}

export const uuidOf = (kind: number, number: number): string => `${String(kind).padStart(8, '0')}-0000-4000-8000-${String(number).padStart(12, '0')}`

export function follow(parent: Entry): Entry {
  return { history: parent.history, seqno: parent.seqno + 1n, parent }
}

/** Whether `later` holds everything up to `earlier`. */
export function contains(later: Entry, earlier: Entry): boolean {
  let at: Entry | null = later
  while (at !== null && at.seqno > earlier.seqno) at = at.parent
  return at === earlier
}

export function back(entry: Entry, steps: number): Entry {
  let at = entry
  for (let step = 0; step < steps && at.parent !== null; step++) at = at.parent
  return at
}

/** Data of another cluster, further than any of this one. */
export const FOREIGN: Entry = { history: uuidOf(9, 9), seqno: 50n, parent: null }

/** What must never happen. */
export class Violation extends Error {}
