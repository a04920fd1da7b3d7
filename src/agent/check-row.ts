import * as z from 'zod'
import { CHECK_SCHEMA } from '../mariadb/users.ts'
import { certificateDays } from '../tls/files.ts'
import { connectionAlarms } from './connections-full.ts'
import { ledgerAlarms, proveLedger } from './ledger-alarm.ts'
import { loginAlarms } from './login-alarms.ts'
import type { Node } from './node.ts'
import { votesAgainst } from './voted-out.ts'

export const CHECK_PATH = '/v1/check'

/** Settings that must be equal on all nodes, or replication differs from node to node. */
export const EQUAL_VARIABLES = ['version', 'binlog_format', 'innodb_autoinc_lock_mode', 'wsrep_cluster_name', 'wsrep_provider_name', 'default_storage_engine', 'lower_case_table_names', 'character_set_server', 'collation_server', 'sql_mode', 'wsrep_sst_method'] as const

/** Letters and digits only: it is used in a table name. */
export const checkRequestSchema = z.object({ table: z.string().regex(/^check_[a-z0-9]{1,40}$/), token: z.string().regex(/^[a-f0-9]{32}$/) })
export type CheckRequest = z.infer<typeof checkRequestSchema>

export const checkReplySchema = z.object({
  found: z.boolean(),
  error: z.string().max(1000).nullable(),
  variables: z.record(z.string(), z.string()),
  clusterSize: z.int(),
  weight: z.int(),
  /** Votes of the whole view; null where Galera does not tell, or an agent of before. */
  clusterWeight: z.int().nullable().default(null),
  /** Whole days until the node's certificate ends; null without TLS. */
  certificateDays: z.int().nullable().default(null),
  /** What is wrong on the node itself, with the way out. */
  alarms: z.array(z.object({ message: z.string().max(2000), hint: z.string().max(2000) })).max(20).default([]),
  /** Votes against the node that are news; none from an agent of before. */
  votes: z.array(z.object({ at: z.string().max(40), message: z.string().max(2000), hint: z.string().max(2000) })).max(5).default([]),
})
export type CheckReply = z.infer<typeof checkReplySchema>

/** Reads the row that another node wrote, causally, and tells what must be equal here. */
export async function readCheckRow(node: Node, request: CheckRequest): Promise<CheckReply> {
  await proveLedger(node).catch(() => undefined)
  const alarms = [...ledgerAlarms(node), ...connectionAlarms(node), ...(await loginAlarms(node))].map(({ message, hint }) => ({ message, hint }))
  const { status } = node.state
  const votes = (await votesAgainst(node)).map(({ at, message, hint }) => ({ at, message, hint }))
  const common = { alarms, votes, clusterSize: status?.clusterSize ?? 0, clusterWeight: status?.clusterWeight ?? null, weight: 1, certificateDays: await certificateDays(node.config, node.paths.tls, new Date()) }
  try {
    const variables = Object.fromEntries(await node.session.globals([...EQUAL_VARIABLES, 'wsrep_provider_options']))
    const weight = Number(variables['wsrep_provider_options']?.match(/pc\.weight = (\d+)/)?.[1] ?? 1)
    delete variables['wsrep_provider_options']
    const equal = { ...variables, provider: node.state.status?.providerVersion ?? '' }
    const rows = await node.session.query(`SET STATEMENT wsrep_sync_wait=1 FOR SELECT token FROM ${CHECK_SCHEMA}.${request.table} WHERE token = ?`, [request.token], 10_000)
    return { ...common, weight, found: rows.length === 1, error: null, variables: equal }
  } catch (error) {
    return { ...common, found: false, error: (error as Error).message.slice(0, 1000), variables: {} }
  }
}
