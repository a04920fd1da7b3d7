import { UsageError } from '../errors.ts'

/** What mariadbd asks of the donor's wsrep_sst_mysqldump. */
export interface SstRequest {
  /** Where the joiner answers SQL. IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** The donor's own socket. */
  readonly socket: string
  /** `UUID:SEQNO`, with the binary log's position behind a comma where there is one; for wsrep_start_position. */
  readonly gtid: string
  /** wsrep_gtid_domain_id of the donor; null where it was not told. */
  readonly gtidDomainId: number | null
  /** Only the position is handed over: write-sets follow by IST. */
  readonly bypass: boolean
}

const FLAGS: ReadonlySet<string> = new Set(['--bypass'])

/** The others of the stock scripts, and those of later versions, are of no use to a transfer over SQL. */
const USED: ReadonlySet<string> = new Set(['--address', '--host', '--port', '--socket', '--gtid', '--gtid-domain-id'])

const GTID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:-?\d{1,19}(,[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,20})*$/i

/**
 * Parses the command line of wsrep_sst_mysqldump. The address comes from the joiner and is untrusted; it is
 * only ever an argument to connect().
 * Source: wsrep_sst_common of MariaDB 10.11 and 11.8.
 * @throws UsageError `bad-sst-argument`
 */
export function parseSstArguments(args: readonly string[]): SstRequest {
  const values = new Map<string, string>()
  for (let at = 0; at < args.length; at++) {
    const name = args[at] ?? ''
    // Behind it stands mariadbd's own command line.
    if (name === '--mysqld-args') break
    if (FLAGS.has(name)) {
      values.set(name, '')
      continue
    }
    if (!USED.has(name)) continue
    const value = args[++at]
    if (value === undefined) throw bad('an argument without its value', name)
    values.set(name, value.trim())
  }
  const address = parseAddress(values.get('--address') ?? values.get('--host') ?? '')
  const port = Number(values.get('--port') ?? address.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw bad('--port must be a port', String(values.get('--port') ?? address.port))
  const socket = values.get('--socket') ?? ''
  if (!socket.startsWith('/')) throw bad('--socket must be an absolute path', socket)
  const gtid = values.get('--gtid') ?? ''
  if (!GTID.test(gtid)) throw bad('--gtid must be UUID:SEQNO', gtid)
  const domain = values.get('--gtid-domain-id') ?? ''
  if (!/^\d{0,10}$/.test(domain)) throw bad('--gtid-domain-id must be a number', domain)
  return { host: address.host, port, socket, gtid, gtidDomainId: domain === '' ? null : Number(domain), bypass: values.has('--bypass') }
}

/** `host`, `host:port`, `[ipv6]`, `[ipv6]:port`; a path behind a slash is for other methods. */
function parseAddress(text: string): { host: string; port: string } {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:/[\]]+))(?::(\d+))?(?:\/.*)?$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  if (host === undefined) throw bad('--address must be HOST:PORT', text)
  return { host, port: match?.[3] ?? '3306' }
}

function bad(what: string, value: string): UsageError {
  return new UsageError('bad-sst-argument', `${what}: ${JSON.stringify(value.slice(0, 120))}`, 'The arguments are those that mariadbd gives to wsrep_sst_mysqldump.')
}
