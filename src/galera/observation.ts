import type { Acknowledgement } from './acknowledgement.ts'
import type { Departure } from './departure.ts'
import type { Fork } from './fork.ts'
import type { Gvwstate } from './gvwstate.ts'
import type { View } from './view.ts'

/** Where a known position comes from. */
export type PositionSource = 'clean-stop' | 'recovered'

/** What lies in a stopped node's datadir. */
export type Data =
  | { readonly kind: 'fresh' }
  /** A state transfer did not end: nothing that others lack, and nothing to start with. */
  | { readonly kind: 'partial' }
  /** A server ran on it without a history: what it holds can't be compared with anybody's. */
  | { readonly kind: 'nil' }
  /** `strange`: a server's that was part of no cluster; nobody may overwrite it. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly strange?: boolean | undefined }
  | {
      readonly kind: 'position'
      readonly uuid: string
      readonly seqno: bigint
      readonly source: PositionSource
      /** grastate.dat has this position: mariadbd ended in order, also where nobody recorded it. Absent where it did not, or from agents of earlier versions. */
      readonly closed?: boolean | undefined
      readonly safeToBootstrap: boolean
    }

export type Launch = 'join' | 'reform' | 'bootstrap'

/** A node whose agent answers and whose mariadbd serves nothing (yet). */
export interface Down {
  readonly kind: 'down'
  readonly name: string
  /** About to start, or staying stopped until somebody says start. */
  readonly intent: 'start' | 'stay'
  /** mariadbd has been started and is not yet part of a primary component. */
  readonly launched: Launch | null
  readonly data: Data
  /** The history that the ledger remembers, also where the data is gone. */
  readonly history: string | null
  /** The last view that the node was in, as its ledger or gvwstate.dat tells. */
  readonly view: View | null
  /** The node UUIDs that its servers had, newest last; none from agents of earlier versions. */
  readonly nodeUuids: readonly string[]
  /** gvwstate.dat in the datadir, if sane and fit to be restored. */
  readonly gvwstate: Gvwstate | null
  /** Has a peer list. */
  readonly listed: boolean
  /** Its votes (pc.weight). */
  readonly weight: number
  /** When the cluster went on without somebody, as far as this node went along. */
  readonly forks: readonly Fork[]
  /** Who left in order, as far as this node was told. */
  readonly departures: readonly Departure[]
  /** What the node has last acknowledged. */
  readonly promise: Acknowledgement | null
}

/** A node whose mariadbd answers SQL. */
export interface Live {
  readonly kind: 'primary' | 'non-primary'
  readonly name: string
  readonly uuid: string
  readonly seqno: bigint
  readonly synced: boolean
  /** In the component, its state transfer not yet ended (wsrep_local_state 1 or 3). */
  readonly joining: boolean
  readonly nodeUuid: string
  /** As of a stopped node. */
  readonly nodeUuids: readonly string[]
  /** Write-sets that were received and are not applied yet: the seqno will still rise. */
  readonly receiveQueue: number
  /** It is about to make its component primary. */
  readonly repairing: boolean
  readonly view: View | null
  readonly weight: number
  readonly forks: readonly Fork[]
  readonly departures: readonly Departure[]
  readonly promise: Acknowledgement | null
}

/** Nobody answered for this peer. It may be down, hung, cut off, or run without an agent: nobody knows. */
export interface Silent {
  readonly kind: 'silent'
  readonly name: string
  readonly reason: 'refused' | 'timeout' | 'unreachable' | 'unknown-host' | 'bad-signature' | 'garbage' | 'other-cluster' | 'other-node' | 'failed'
  /** Something accepts connections on its SQL or group port: a mariadbd runs, whatever its agent does. */
  readonly serving: boolean
}

export type Observation = Down | Live | Silent

/** All that is known at one moment; the input of every rule. `Self`: stopped, or running outside a primary component. */
export interface Facts<Self extends Down | Live = Down> {
  readonly self: Self
  /** The other listed nodes, whatever order they answered in. */
  readonly peers: readonly Observation[]
  /** By whose word nodes of the newest view may be left behind; absent: nobody's. */
  readonly orders?: Orders
}

export interface Orders {
  /** The policy `absent-members`, once it has waited long enough. */
  readonly majority: boolean
  /** An operator's word on the nodes whose data may be lost, and why. */
  readonly lose: readonly string[]
  readonly reason: string
}

/** One line for people: what a node said. */
export function describeObservation(o: Observation): string {
  if (o.kind === 'silent') return `${o.name}: silent (${o.reason})${o.serving ? ', but a server listens there' : ''}`
  if (o.kind !== 'down') return `${o.name}: ${o.kind}${o.synced ? ', synced' : ''}, at ${o.uuid}:${o.seqno}`
  const doing = o.launched !== null ? `launched to ${o.launched}` : o.intent === 'start' ? 'starting' : 'stopped'
  return `${o.name}: ${doing}, ${describeData(o.data)}${o.listed ? '' : ', no peer list yet'}`
}

export function describeData(data: Data): string {
  if (data.kind === 'fresh') return 'no data yet (fresh)'
  if (data.kind === 'nil') return 'data without a history'
  if (data.kind === 'partial') return 'a state transfer did not end'
  if (data.kind === 'unknown') return `position unknown (${data.reason})`
  const source = data.source === 'clean-stop' ? 'clean stop' : data.closed ? 'recovered, ended in order' : 'recovered'
  return `at ${data.uuid}:${data.seqno} (${source}${data.safeToBootstrap ? ', safe_to_bootstrap 1' : ''})`
}
