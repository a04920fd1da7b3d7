import * as z from 'zod'
import { RefusedError } from '../errors.ts'
import { nameSchema } from '../galera/schemas.ts'
import { sendMessage } from '../peers/message.ts'
import type { Node } from './node.ts'

export const LOOK_PATH = '/v1/look'

export const lookSchema = z.object({ from: nameSchema })

/** A restore that was not started this long is not what its operator has in mind any more, milliseconds. */
const LONGEST_SINCE_RESTORE = 3_600_000

/**
 * Those that still run what was replaced here look at once, and make way. Who does not hear it is asked again.
 * @throws RefusedError `restore-overtaken` where they have run on for so long that a person must say again that it is to be replaced
 */
export async function askToMakeWay(node: Node, names: readonly string[]): Promise<void> {
  const restored = node.ledger.ledger.forks.findLast(({ into }) => into === node.ledger.ledger.history)
  const since = restored === undefined ? 0 : Date.now() - Date.parse(restored.at)
  if (restored !== undefined && since > LONGEST_SINCE_RESTORE) {
    throw new RefusedError('restore-overtaken', `${restored.reason} was restored here on ${restored.at} and never started, and ${names.join(', ')} went on with what it replaces`, 'To replace what they hold now: run galeractl restore again, with --cluster. To drop the restored data: move data/ and state/ledger.json aside, then galeractl setup and galeractl start.')
  }
  const peers = node.others.filter(({ name }) => name !== null && names.includes(name))
  await Promise.all(peers.map((peer) => sendMessage({ host: peer.host, port: peer.agentPort }, 'POST', LOOK_PATH, { from: node.config.name }, { key: node.key, timeout: node.config.probeTimeout }).catch(() => undefined)))
}
