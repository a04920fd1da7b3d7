import * as z from 'zod'
import { type Fault, OutsideError } from '../errors.ts'
import { peerLabel } from '../galera/endpoint.ts'
import type { Data } from '../galera/observation.ts'
import { seqnoSchema } from '../galera/schemas.ts'
import { datadirBytes, isReplaced, launchFault, mebibytes, type Sendable, transferFault } from '../gear/space.ts'
import { diskFullLine } from '../mariadb/disk-full.ts'
import { sendMessage } from '../peers/message.ts'
import { freeBytes } from '../system/disk.ts'
import type { Node } from './node.ts'
import { hearVote } from './voted-out.ts'

export const SIZE_PATH = '/v1/size'

/** What this node would send; agents of earlier versions do not know the question. */
const sizeSchema = z.object({ bytes: z.number().min(0), cachedDownto: seqnoSchema.nullable() })

/** How large the state is that this node could send, and from which seqno on it has all write-sets. */
export async function ownSize(node: Node): Promise<z.infer<typeof sizeSchema>> {
  const [bytes, [row]] = await Promise.all([datadirBytes(node.paths.data), node.session.query("SHOW GLOBAL STATUS LIKE 'wsrep_local_cached_downto'").catch(() => [])])
  const told = String(row?.['Value'] ?? '')
  return { bytes, cachedDownto: /^\d{1,19}$/.test(told) ? BigInt(told) : null }
}

/**
 * Before each launch: room for a server to start, and for a full state transfer where one may come. The node's data stays as it is meanwhile.
 * @throws OutsideError `disk-full`: the cycle tells it and tries again later
 */
export async function requireSpace(node: Node): Promise<void> {
  const { paths, state: { task, madeEmpty } } = node
  const free = await freeBytes(paths.data)
  require(launchFault(paths.data, free))
  if (task.at !== 'preparing' || task.decision.do !== 'join') return
  const { decision, self } = task
  const aside = decision.aside !== null
  const [donors, own] = await Promise.all([sizes(node, decision.via), isReplaced(self.data, { aside, madeEmpty }) ? datadirBytes(paths.data) : 0])
  require(transferFault(paths.data, free, { seqno: aside ? null : seqnoOf(self.data, decision.uuid), replaced: own, donors }))
}

/** What the server's log tells by name: a vote against it or a full disk; null where neither. `log`: since it was launched. */
export async function knownTrouble(node: Node, log: string): Promise<string | null> {
  const vote = await hearVote(node, log)
  if (vote !== null) return vote
  const line = diskFullLine(log)
  return line === null ? null : `the disk of ${node.paths.data} is full (${line}); ${mebibytes(await freeBytes(node.paths.data))} MiB are free there now`
}

const seqnoOf = (data: Data, uuid: string | null): bigint | null => (data.kind === 'position' && data.uuid === uuid ? data.seqno : null)

function require(fault: Fault | null): void {
  if (fault !== null) throw new OutsideError(fault.code, fault.message, fault.hint)
}

/** Of those of whom it joins; who does not tell is left out. */
async function sizes(node: Node, via: readonly string[]): Promise<readonly Sendable[]> {
  const asked = node.others.filter((peer) => peer.name === null || via.includes(peer.name))
  const told = await Promise.all(asked.map(async (peer): Promise<readonly Sendable[]> => {
    const delivery = await sendMessage({ host: peer.host, port: peer.agentPort, name: peer.name }, 'GET', SIZE_PATH, undefined, { key: node.key, timeout: node.config.probeTimeout })
    const size = delivery.ok ? sizeSchema.safeParse(delivery.body) : null
    return size?.success ? [{ name: peerLabel(peer), ...size.data }] : []
  }))
  return told.flat()
}
