/** What a node told of itself. */
export interface Health {
  /**
   * `synced`: takes all work. `lagging`: in the primary component, but donor or desynced; only where no node is synced. `out`: takes none.
   */
  readonly state: 'synced' | 'lagging' | 'out'
  readonly readOnly: boolean
  /** For people. */
  readonly why: string
  /** wsrep_incoming_addresses: of all members, where their SQL is reached. */
  readonly members: readonly string[]
  /** Its own among them; null where it is none. */
  readonly address: string | null
  /** Ids of several rows are not one after the other: the trap of ORMs that compute them. */
  readonly idStep: number
  /** New sessions commit each statement by itself. */
  readonly autocommit: boolean
}

export const HEALTH_SQL = "SELECT 'wsrep_desync' AS Variable_name, @@wsrep_desync AS Value UNION ALL SELECT 'wsrep_reject_queries', @@wsrep_reject_queries UNION ALL SELECT 'read_only', @@read_only UNION ALL SELECT 'wsrep_on', @@wsrep_on UNION ALL SELECT 'wsrep_node_name', @@wsrep_node_name UNION ALL SELECT 'auto_increment_increment', @@GLOBAL.auto_increment_increment UNION ALL SELECT 'autocommit', @@autocommit"
export const STATUS_SQL = "SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_status', 'wsrep_ready', 'wsrep_local_state', 'wsrep_local_state_comment', 'wsrep_incoming_addresses', 'wsrep_local_index', 'wsrep_connected')"

/** From the rows of both (names and values). https://galeracluster.com/library/documentation/galera-status-variables.html */
export function readHealth(values: ReadonlyMap<string, string>): Health {
  const value = (name: string) => values.get(name) ?? ''
  const on = (name: string) => /^(ON|1)$/i.test(value(name))
  const members = value('wsrep_incoming_addresses').split(',').map((one) => one.trim())
  const isAddress = (one: string) => one !== '' && one !== 'AUTO'
  const own = members[Number(value('wsrep_local_index') || -1)] ?? ''
  const of = (state: Health['state'], why: string): Health => ({
    state,
    why,
    readOnly: on('read_only'),
    members: members.filter(isAddress),
    address: isAddress(own) ? own : null,
    idStep: Number(value('auto_increment_increment')) || 1,
    autocommit: value('autocommit') === '' || on('autocommit'),
  })
  if (!on('wsrep_on')) return of('out', 'not a node of a cluster (wsrep_on=OFF)')
  if (value('wsrep_cluster_status') !== 'Primary') return of('out', `not in a primary component (${value('wsrep_cluster_status') || 'unknown'})`)
  if (!on('wsrep_ready')) return of('out', 'not ready (wsrep_ready=OFF)')
  if (value('wsrep_reject_queries') !== 'NONE' && value('wsrep_reject_queries') !== '') return of('out', `rejects queries (wsrep_reject_queries=${value('wsrep_reject_queries')})`)
  if (on('wsrep_desync')) return of('lagging', 'desynced')
  const state = value('wsrep_local_state')
  if (state === '4') return of('synced', 'Synced')
  return of(state === '2' ? 'lagging' : 'out', value('wsrep_local_state_comment'))
}
