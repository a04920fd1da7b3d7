import { DEFAULT_PORTS, isHost, NODE_NAME } from '../galera/endpoint.ts'
import { parsePeerList } from '../galera/peer-list.ts'

/** One thing that can be set. From this table come types, validation, --help, the reference page and `config`. */
export interface Setting {
  readonly name: string
  /** What it is called in the environment, in shared variables and in gear.env. */
  readonly variable: string
  /** Names that platforms use for the same thing, in order. */
  readonly aliases: readonly string[]
  readonly fallback: string
  readonly secret: boolean
  /** null where the text is fine, else what a value must be. */
  readonly check: (text: string) => string | null
  readonly value: string
  readonly description: string
}

const port = (text: string) => (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535 ? null : 'a port is a number from 1 to 65535')
const seconds = (text: string) => (/^\d{1,6}(\.\d{1,3})?$/.test(text) && Number(text) > 0 ? null : 'seconds are a number above 0')
const host = (text: string) => (isHost(text) ? null : 'an address is an IPv4 or IPv6 address (no brackets) or a host name')
const path = (text: string) => (text.startsWith('/') && !/["'\n\\$`]/.test(text) ? null : 'a path is absolute and has no quotes, backslashes, $ or newlines')
const oneOf = (...words: readonly string[]) => (text: string) => (words.includes(text) ? null : `one of ${words.join(', ')}`)
const free = (text: string) => (/^[^\n"\\]{0,1000}$/.test(text) ? null : 'no newline, double quote or backslash')
const matching = (shape: RegExp, what: string) => (text: string) => (shape.test(text) ? null : what)
const peers = (text: string) => {
  try {
    return parsePeerList(text).length === 0 ? 'a list names every node of the cluster, this one included' : null
  } catch (error) {
    return (error as Error).message
  }
}

type Extra = Partial<Pick<Setting, 'aliases' | 'fallback' | 'secret'>>
const setting = <const Name extends string>(name: Name, value: string, check: Setting['check'], description: string, extra: Extra = {}): Setting & { readonly name: Name } => ({
  name,
  variable: `GALERACTL_${name.toUpperCase().replaceAll('-', '_')}`,
  aliases: extra.aliases ?? [],
  fallback: extra.fallback ?? '',
  secret: extra.secret ?? false,
  check,
  value,
  description,
})

/** The order is that of `galeractl config` and of the reference page. An empty fallback means: worked out from others. */
export const SETTINGS = [
  setting('name', 'NAME', matching(NODE_NAME, 'a name has 1 to 64 of A-Z a-z 0-9 _ . -'), 'Name of this node, unique in the cluster; its identity for peers. At most 31 characters for a new one; a platform may give longer ones, which Galera then knows shortened.', { aliases: ['OPENSHIFT_GEAR_UUID'] }),
  setting('cluster-name', 'NAME', matching(/^[A-Za-z0-9_.-]{1,32}$/, 'a cluster name has 1 to 32 of A-Z a-z 0-9 _ . -'), 'Name of the cluster, the same on all nodes.', { fallback: 'galera', aliases: ['OPENSHIFT_APP_NAME'] }),
  setting('address', 'HOST', host, 'Where others reach this node: IPv4, IPv6 or host name.', { aliases: ['OPENSHIFT_GEAR_DNS'] }),
  setting('bind-address', 'HOST', host, 'Where this node listens. Default: the address.', { aliases: ['OPENSHIFT_MARIADB_DB_HOST'] }),
  setting('peers', 'LIST', peers, 'All nodes in order of importance, this one included: NAME/HOST[/SQL/GROUP/IST/SST/AGENT], separated by commas.'),
  setting('sql-port', 'PORT', port, 'Port for SQL.', { fallback: String(DEFAULT_PORTS.sqlPort), aliases: ['OPENSHIFT_MARIADB_DB_PORT'] }),
  setting('group-port', 'PORT', port, 'Port for group communication.', { fallback: String(DEFAULT_PORTS.groupPort), aliases: ['OPENSHIFT_MARIADB_GALERA_PORT'] }),
  setting('ist-port', 'PORT', port, 'Port for incremental state transfer.', { fallback: String(DEFAULT_PORTS.istPort), aliases: ['OPENSHIFT_MARIADB_IST_PORT'] }),
  setting('sst-port', 'PORT', port, 'Port for state snapshot transfer.', { fallback: String(DEFAULT_PORTS.sstPort), aliases: ['OPENSHIFT_MARIADB_SST_PORT'] }),
  setting('agent-port', 'PORT', port, 'Port where the agent answers peers and health checks.', { fallback: String(DEFAULT_PORTS.agentPort), aliases: ['OPENSHIFT_MARIADB_AGENT_PORT'] }),
  setting('public-sql-port', 'PORT', port, 'SQL port as others see it, behind a port proxy. Default: sql-port.', { aliases: ['OPENSHIFT_MARIADB_DB_PROXY_PORT'] }),
  setting('public-group-port', 'PORT', port, 'Group port as others see it. Default: group-port.', { aliases: ['OPENSHIFT_MARIADB_GALERA_PROXY_PORT'] }),
  setting('public-ist-port', 'PORT', port, 'IST port as others see it. mariadbd then listens on this number too, since Galera tells donors the port that it listens on, and the agent hands on what comes to ist-port. Default: ist-port.', { aliases: ['OPENSHIFT_MARIADB_IST_PROXY_PORT'] }),
  setting('public-sst-port', 'PORT', port, 'SST port as others see it. Default: sst-port.', { aliases: ['OPENSHIFT_MARIADB_SST_PROXY_PORT'] }),
  setting('public-agent-port', 'PORT', port, 'Agent port as others see it. Default: agent-port.', { aliases: ['OPENSHIFT_MARIADB_AGENT_PROXY_PORT'] }),
  setting('secret', 'TEXT', matching(/^.{16,512}$/, 'a secret has at least 16 characters, in one line'), 'The cluster\'s shared secret: messages are signed with it, passwords are derived from it. Never given on the command line: use --secret-file.', { secret: true, aliases: ['OPENSHIFT_SECRET_TOKEN'] }),
  setting('app-user', 'NAME', matching(/^[A-Za-z0-9_]{1,32}$/, 'a user has 1 to 32 of A-Z a-z 0-9 _'), 'Database user for the application.', { fallback: 'app', aliases: ['OPENSHIFT_MARIADB_DB_USERNAME'] }),
  setting('app-password', 'TEXT', matching(/^[^\n\0]{8,128}$/, 'a password has 8 to 128 characters'), 'Password of the application\'s user. Default: derived from the secret.', { secret: true, aliases: ['OPENSHIFT_MARIADB_DB_PASSWORD'] }),
  setting('app-database', 'NAME', matching(/^[A-Za-z0-9_]{1,64}$/, 'a database has 1 to 64 of A-Z a-z 0-9 _'), 'Database of the application.', { fallback: 'app' }),
  setting('sst-method', 'METHOD', oneOf('mariabackup', 'rsync', 'mysqldump'), 'How a node without usable data gets it from a donor; the same on all nodes.', { fallback: 'mariabackup' }),
  setting('sst-silence', 'SECONDS', seconds, 'Abort a state transfer by mysqldump after this long without progress.', { fallback: '60' }),
  setting('sst-lanes', 'NUMBER', matching(/^([1-9]|[12]\d|3[0-2])$/, 'a number from 1 to 32'), 'Pairs of sessions that carry rows at the same time in a state transfer by mysqldump; with 4 or more, large tables are carried in ranges of their primary key. Default: one for each core, from 2 to 8.'),
  setting('tls', 'off|on', oneOf('off', 'on'), 'TLS for group communication, state transfers and, where a client asks for it, SQL; the same on all nodes. Certificates come from the cluster\'s own CA, unless tls-ca, tls-cert and tls-key name others.', { fallback: 'off' }),
  setting('tls-ca', 'FILE', path, 'CA certificates (PEM) that issued the certificates of all nodes; any holder of a certificate from this CA can join; use a dedicated CA.'),
  setting('tls-cert', 'FILE', path, 'Certificate of this node (PEM), which names its address, and those between it and the CA.'),
  setting('tls-key', 'FILE', path, 'Private key of the certificate (PEM, no passphrase).'),
  setting('weight', 'VOTES', matching(/^(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/, 'a weight is a number from 0 to 255'), 'Votes of this node in its group (pc.weight).', { fallback: '1' }),
  setting('absent-members', 'POLICY', oneOf('wait', 'majority'), 'What is done when members of the newest view stay absent: wait for them, or let more than half of it by weight go on. What only the absent hold is then left behind, and they rejoin with a full SST.', { fallback: 'wait' }),
  setting('absent-wait', 'SECONDS', seconds, 'How long absent members are waited for before absent-members=majority goes on.', { fallback: '120' }),
  setting('buffer-pool', 'SIZE', matching(/^\d{1,6}[KMG]?$/, 'a size is a number with K, M or G'), 'innodb_buffer_pool_size.', { fallback: '128M' }),
  setting('gcache-size', 'SIZE', matching(/^\d{1,6}[KMG]$/, 'a size is a number with K, M or G'), 'Write-sets kept for incremental state transfer.', { fallback: '128M' }),
  setting('provider-options', 'OPTIONS', free, 'More wsrep_provider_options, separated by semicolons; they win over ours.'),
  setting('snapshots', 'DIR', path, 'Folder of snapshots. Default: snapshots/ in the gear.'),
  setting('archive', 'DIR', path, 'Folder that binary logs are archived in all the time, for a restore to any moment; nodes may share it. On all nodes or none; takes effect with a restart of each.'),
  setting('archive-keep', 'DAYS', matching(/^[1-9]\d{0,4}$/, 'days are a whole number from 1'), 'Files of the archive whose last transaction is older are removed, from the oldest on, also those of lost nodes. Default: none.'),
  setting('mariadb-bin', 'DIR', path, 'Folder with mariadbd, where it is not in PATH.'),
  setting('galera-library', 'FILE', path, 'The wsrep provider.', { fallback: '/usr/lib/galera/libgalera_smm.so' }),
  setting('start-timeout', 'SECONDS', seconds, 'How long start waits before it returns 4 while the agent goes on. Below the platform\'s 234 s.', { fallback: '200' }),
  setting('stop-timeout', 'SECONDS', seconds, 'How long mariadbd may take to stop before it is killed.', { fallback: '120' }),
  setting('probe-timeout', 'SECONDS', seconds, 'How long one peer may take to answer.', { fallback: '1' }),
  setting('notify-timeout', 'SECONDS', seconds, 'How long a command in notify.d may take for one event before it is ended.', { fallback: '10' }),
  setting('metrics', 'WHO', oneOf('host', 'anybody'), 'Who may read /metrics and /nodes on the agent\'s port: this host alone, or anybody who reaches the port.', { fallback: 'host' }),
  setting('log-level', 'LEVEL', oneOf('debug', 'info', 'warn', 'error'), 'How much is logged.', { fallback: 'info' }),
] as const satisfies readonly Setting[]

/** Where a gear is: chosen by --gear, else by this variable, else by the platform's. */
export const GEAR_VARIABLE = 'GALERACTL_GEAR'
