import { randomBytes } from 'node:crypto'
import { eventFindings } from '../galera/cluster-events.ts'
import { peerLabel } from '../galera/endpoint.ts'
import { findings, type Finding, type NodeAnswer } from '../galera/functioning.ts'
import { CHECK_SCHEMA } from '../mariadb/users.ts'
import { sendMessage } from '../peers/message.ts'
import { CHECK_PATH, type CheckRequest, checkReplySchema, readCheckRow } from './check-row.ts'
import { leftBehind, testTable } from './check-table.ts'
import { clusterEvents } from './cluster-events.ts'
import type { Node } from './node.ts'

export interface CheckReport {
  readonly healthy: boolean
  readonly findings: readonly Finding[]
  readonly nodes: readonly string[]
}

/** Is the cluster functioning? Writes a row here, has every other node read it, and compares what must be equal. */
export async function checkCluster(node: Node): Promise<CheckReport> {
  const request: CheckRequest = { table: testTable(Date.now(), randomBytes(6).toString('hex')), token: randomBytes(16).toString('hex') }
  const observations = await node.ask()
  const writeError = await writeRow(node, request)
  const own: NodeAnswer = { name: node.config.name, observation: node.report, reply: await readCheckRow(node, request) }
  const others = await Promise.all(
    node.others.map(async (peer): Promise<NodeAnswer> => {
      const delivery = await sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'POST', CHECK_PATH, request, { key: node.key, timeout: 15_000 })
      const reply = delivery.ok ? checkReplySchema.safeParse(delivery.body) : null
      const observation = observations.find((one) => one.name === peerLabel(peer)) ?? { kind: 'silent' as const, name: peerLabel(peer), reason: 'failed' as const, serving: false }
      return { name: observation.name, observation, reply: reply?.success ? reply.data : null }
    }),
  )
  await dropRow(node, request)
  const found = [...findings([own, ...others], writeError), ...eventFindings(await clusterEvents(node))]
  return { healthy: found.every((finding) => finding.level !== 'error'), findings: found, nodes: [own, ...others].map((one) => one.name) }
}

async function writeRow(node: Node, request: CheckRequest): Promise<string | null> {
  try {
    await node.session.query(`CREATE DATABASE IF NOT EXISTS ${CHECK_SCHEMA}`)
    await node.session.query(`CREATE TABLE ${CHECK_SCHEMA}.${request.table} (token CHAR(32) PRIMARY KEY) ENGINE=InnoDB`)
    await node.session.query(`INSERT INTO ${CHECK_SCHEMA}.${request.table} VALUES (?)`, [request.token])
    return null
  } catch (error) {
    return (error as Error).message
  }
}

async function dropRow(node: Node, request: CheckRequest): Promise<void> {
  try {
    await node.session.query(`DROP TABLE IF EXISTS ${CHECK_SCHEMA}.${request.table}`)
    const found = await node.session.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?', [CHECK_SCHEMA])
    for (const name of leftBehind(found.map((row) => String(row['name'])), Date.now())) await node.session.query(`DROP TABLE IF EXISTS ${CHECK_SCHEMA}.${name}`)
    const rest = await node.session.query('SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? LIMIT 1', [CHECK_SCHEMA])
    if (rest.length === 0) await node.session.query(`DROP DATABASE IF EXISTS ${CHECK_SCHEMA}`)
  } catch (error) {
    node.log.warn({ err: error }, 'the test table could not be removed')
  }
}
