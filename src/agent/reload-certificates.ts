import { OutsideError } from '../errors.ts'
import { ensureCertificate, tlsFiles } from '../tls/files.ts'
import type { Node } from './node.ts'

const RESTART = 'Restart the node with galeractl restart.'

/** For the group first: that works outside a primary component too, where SQL is closed. */
const STATEMENTS = ["SET GLOBAL wsrep_provider_options = 'socket.ssl_reload=1'", 'FLUSH LOCAL SSL']

/**
 * The running mariadbd takes the certificate that is there now, for SQL and for new connections of the group and of state
 * transfers; those that stand go on. Without this, one that runs for longer than its certificate is refused by whoever comes back.
 * @returns what became of it; null where there was nothing to do
 * @throws FaultsError `tls-…`; OutsideError `not-reloaded`
 */
export async function reloadCertificates(node: Node): Promise<string | null> {
  const files = tlsFiles(node.config, node.paths.tls)
  if (files === null) return null
  await ensureCertificate(node.config, node.paths.tls, new Date())
  if (node.state.server === null) return null
  if (node.state.status === null) return 'mariadbd does not answer yet; run galeractl reload again for its certificate when it does'
  const used = await node.session.globals(['ssl_ca', 'ssl_cert', 'ssl_key'])
  if (used.get('ssl_ca') !== files.ca || used.get('ssl_cert') !== files.certificate || used.get('ssl_key') !== files.key) {
    throw new OutsideError('not-reloaded', `mariadbd was started with ${used.get('ssl_cert') || 'no certificate'}, not with ${files.certificate}, and cannot change that while it runs`, RESTART)
  }
  const failures: string[] = []
  for (const statement of STATEMENTS) await node.session.query(statement).catch((error: Error) => failures.push(error.message))
  if (failures.length > 0) throw new OutsideError('not-reloaded', `mariadbd did not take all of the new certificate: ${failures.join('; ')}`, `Run galeractl reload again when the node is Synced. ${RESTART}`)
  return 'mariadbd has its certificate anew'
}
