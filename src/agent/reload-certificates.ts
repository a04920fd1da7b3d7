import { OutsideError } from '../errors.ts'
import { ensureCertificate } from '../tls/files.ts'
import type { Node } from './node.ts'

/**
 * The running mariadbd takes the certificate that is there now, for SQL and for new connections of the group and of state
 * transfers; those that stand go on. Without this, one that runs for longer than its certificate is refused by whoever comes back.
 * @returns whether there was anything to do
 * @throws FaultsError `tls-…`; OutsideError `not-reloaded`
 */
export async function reloadCertificates(node: Node): Promise<boolean> {
  if (node.config.tls === 'off') return false
  await ensureCertificate(node.config, node.paths.tls, new Date())
  if (node.server === null) return false
  try {
    await node.session.query('FLUSH LOCAL SSL')
    await node.session.query("SET GLOBAL wsrep_provider_options = 'socket.ssl_reload=1'")
    return true
  } catch (cause) {
    throw new OutsideError('not-reloaded', `mariadbd did not take the new certificate: ${(cause as Error).message}`, 'Restart the node with galeractl restart.', { cause })
  }
}
