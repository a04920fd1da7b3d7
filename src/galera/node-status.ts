import { isUuid, NIL_UUID } from './gtid.ts'

/** The status of a running server, from `SHOW GLOBAL STATUS` (wsrep_%, Threads_connected) and WRITE_VARIABLES. */
export interface NodeStatus {
  readonly stateUuid: string
  readonly lastCommitted: bigint
  readonly primary: boolean
  readonly ready: boolean
  readonly connected: boolean
  /** wsrep_local_state: 1 Joining, 2 Donor/Desynced, 3 Joined, 4 Synced. */
  readonly localState: number
  readonly localStateComment: string
  readonly clusterSize: number
  /** Votes of all members together; null where the library is too old to tell. */
  readonly clusterWeight: number | null
  readonly nodeUuid: string
  /** Fraction of time (0-1) replication was paused by flow control since the last FLUSH STATUS. */
  readonly flowControlPaused: number
  readonly receiveQueue: number
  readonly providerVersion: string
  /** Neither read_only nor wsrep_reject_queries is set. */
  readonly takesWrites: boolean
  /** max_connections, where an application that comes now is refused for it; null where it is not. The agent has its own session. */
  readonly fullAt: number | null
}

/** Settings that say whether writes and connections are taken, beside the status. */
export const WRITE_VARIABLES = ['read_only', 'wsrep_reject_queries', 'max_connections'] as const

export type StatusVariables = ReadonlyMap<string, string>

export function parseNodeStatus(variables: StatusVariables): NodeStatus {
  const text = (name: string) => variables.get(name) ?? ''
  const uuid = (name: string) => (isUuid(text(name)) ? text(name) : NIL_UUID)
  const number = (name: string) => Number(text(name)) || 0
  return {
    stateUuid: uuid('wsrep_cluster_state_uuid'),
    lastCommitted: /^-?\d{1,19}$/.test(text('wsrep_last_committed')) ? BigInt(text('wsrep_last_committed')) : -1n,
    primary: text('wsrep_cluster_status') === 'Primary',
    ready: text('wsrep_ready') === 'ON',
    connected: text('wsrep_connected') === 'ON',
    localState: number('wsrep_local_state'),
    localStateComment: text('wsrep_local_state_comment'),
    clusterSize: number('wsrep_cluster_size'),
    clusterWeight: /^\d{1,6}$/.test(text('wsrep_cluster_weight')) ? Number(text('wsrep_cluster_weight')) : null,
    nodeUuid: uuid('wsrep_gcomm_uuid'),
    flowControlPaused: number('wsrep_flow_control_paused'),
    receiveQueue: number('wsrep_local_recv_queue'),
    providerVersion: text('wsrep_provider_version'),
    takesWrites: text('read_only') === 'OFF' && text('wsrep_reject_queries') === 'NONE',
    fullAt: text('Threads_connected') !== '' && number('Threads_connected') >= number('max_connections') ? number('max_connections') : null,
  }
}

/**
 * A state transfer is under way: the server answers, serves nothing and has not the cluster's state. Its cluster status, size and
 * view are then those of the views that it replays, not of its group [ran].
 */
export function awaitsState(status: NodeStatus): boolean {
  return !status.ready && status.localState === 1 && status.connected
}

/** Synced in a primary component: serves reads and writes and has caught up. */
export function isSynced(status: NodeStatus): boolean {
  return status.primary && status.ready && status.localState === 4
}
