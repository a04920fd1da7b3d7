import type { Config } from '../config/resolve.ts'
import { formatEndpoint, hostPort, parseEndpoint, type Endpoint } from '../galera/endpoint.ts'
import { parseConnectionPayload } from '../galera/connection-payload.ts'
import { appPassword } from '../mariadb/users.ts'
import { UsageError } from '../errors.ts'

/** The name under which a gear publishes its endpoint, and the seed cartridge's. */
const PUBLISHED = ['GALERACTL_NODE', 'OPENSHIFT_MARIADB_NODE'] as const

/** What `publish` prints. */
export function publishedEndpoint(config: Config): string {
  return `${PUBLISHED[0]}=${formatEndpoint(config.own)}`
}

/**
 * The endpoints in a platform's membership payload, in order of the platform's gear UUIDs.
 * @throws UsageError `bad-payload`, `bad-endpoint`, `list-too-long`
 */
export function endpointsIn(payload: string): readonly Endpoint[] {
  return parseConnectionPayload(payload)
    .toSorted((a, b) => (a.gearUuid < b.gearUuid ? -1 : 1))
    .map(({ gearUuid, output }) => {
      const line = output.split('\n').map((one) => one.trim()).find((one) => PUBLISHED.some((name) => one.startsWith(`${name}=`)))
      if (line === undefined) throw new UsageError('bad-payload', `gear ${gearUuid} published no endpoint: ${JSON.stringify(output.slice(0, 60))}`, 'The stored list is unchanged.')
      const endpoint = parseEndpoint(line.slice(line.indexOf('=') + 1))
      return endpoint.name === null ? { ...endpoint, name: gearUuid.slice(0, 64) } : endpoint
    })
}

/** What applications need. The URL's parts are percent-encoded. */
export function connectionInfo(config: Config) {
  const { user, database } = config.app
  const password = appPassword(config)
  const url = `mysql://${encoded(user)}:${encoded(password)}@${hostPort(config.own.host, config.own.sqlPort)}/${database}`
  return { host: config.own.host, port: config.own.sqlPort, user, password, database, url }
}

/** Also what encodeURIComponent leaves although shells do not. */
const encoded = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
