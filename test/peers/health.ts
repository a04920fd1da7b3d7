import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import type { Host, Peer } from './peer.ts'

export const NIL = '00000000-0000-0000-0000-000000000000'

/** What a node says of itself; null: it does not serve. */
export interface Health {
  readonly uuid: string
  readonly size: number
  readonly primary: boolean
  /** wsrep_local_state_comment */
  readonly state: string
}

export async function healthOf(peer: Peer, host: Host): Promise<Health | null> {
  return ask(peer, host, async (sql) => {
    const [rows] = await sql.query("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_state_uuid', 'wsrep_cluster_size', 'wsrep_cluster_status', 'wsrep_local_state_comment')")
    const values = new Map((rows as { Variable_name: string; Value: string }[]).map((row) => [row.Variable_name, row.Value]))
    return { uuid: values.get('wsrep_cluster_state_uuid') ?? '', size: Number(values.get('wsrep_cluster_size')), primary: values.get('wsrep_cluster_status') === 'Primary', state: values.get('wsrep_local_state_comment') ?? '' }
  }).catch(() => null)
}

export const serves = (health: Health | null): health is Health => health !== null && health.primary && health.state === 'Synced'

/** Seconds until every one of `hosts` is Primary and Synced; null when the tool gave up or `longest` seconds went by. */
export async function awaitServing(peer: Peer, hosts: readonly Host[], longest: number): Promise<number | null> {
  const from = performance.now()
  const seconds = () => (performance.now() - from) / 1000
  while (seconds() < longest) {
    const gaveUp = peer.gaveUp()
    if ((await Promise.all(hosts.map((host) => healthOf(peer, host)))).every(serves)) return seconds()
    if (gaveUp) return null
    await delay(200)
  }
  return null
}

/** Work on a connection of its own; rejects when the node does not answer within 20 s. */
export async function ask<Value>(peer: Peer, host: Host, work: (sql: Connection) => Promise<Value>): Promise<Value> {
  const sql = await peer.connect(host)
  // A cut host breaks the connection between two queries; without a listener that would end the process.
  sql.on('error', () => undefined)
  try {
    return await Promise.race([work(sql), delay(20_000, undefined, { ref: false }).then(() => Promise.reject(new Error(`no answer from ${host.name}`)))])
  } finally {
    sql.destroy()
  }
}
