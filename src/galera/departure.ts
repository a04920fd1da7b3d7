/**
 * A node left its group in order, and told how far its data goes. The node UUID names that run of its server: a
 * clean stop removes gvwstate.dat, so its next run has another.
 */
export interface Departure {
  readonly name: string
  readonly nodeUuid: string
  readonly uuid: string
  readonly seqno: bigint
}

const KEPT_DEPARTURES = 50

/** The newest last, each run once. */
export function mergeDepartures(known: readonly Departure[], told: readonly Departure[]): readonly Departure[] {
  const have = new Set(known.map(({ nodeUuid }) => nodeUuid))
  const news = told.filter(({ nodeUuid }) => !have.has(nodeUuid))
  return news.length === 0 ? known : [...known, ...news].slice(-KEPT_DEPARTURES)
}
