import { type Fault, FaultsError } from '../errors.ts'
import type { Endpoint } from '../galera/endpoint.ts'
import { parsePeerList } from '../galera/peer-list.ts'
import { SETTINGS } from './settings.ts'
import { type Found, find, type Sources } from './sources.ts'

export type SettingName = (typeof SETTINGS)[number]['name']
export type Resolved = Readonly<Record<SettingName, Found>>

/** A gear's settings with their types; lengths of time in milliseconds. */
export interface Config {
  readonly name: string
  readonly clusterName: string
  readonly bindAddress: string
  readonly own: Endpoint
  /** Ports to listen on; those of `own` are what others see. */
  readonly listen: Readonly<Record<'sql' | 'group' | 'ist' | 'sst' | 'agent', number>>
  /** In order of importance, normally with the node itself; null: nobody has said yet. */
  readonly peers: readonly Endpoint[] | null
  readonly secret: string
  readonly app: { readonly user: string; readonly password: string | null; readonly database: string }
  readonly sstMethod: string
  readonly sstSilence: number
  /** null: as many as there are cores. */
  readonly sstLanes: number | null
  /** `cluster`: certificates of the cluster's own CA; else files of another's, absolute paths. */
  readonly tls: 'off' | 'cluster' | { readonly ca: string; readonly certificate: string; readonly key: string }
  /** pc.weight. */
  readonly weight: number
  /** What is done when members of the newest view stay absent, and after how long. */
  readonly absentMembers: 'wait' | 'majority'
  readonly absentWait: number
  readonly bufferPool: string
  readonly gcacheSize: string
  readonly providerOptions: string
  /** null: in the gear. */
  readonly snapshots: string | null
  /** Folder of the archive of binary logs; null: none is kept. */
  readonly archive: string | null
  /** null: for ever. */
  readonly archiveKeep: number | null
  readonly mariadbBin: string | null
  readonly galeraLibrary: string
  readonly startTimeout: number
  readonly stopTimeout: number
  readonly probeTimeout: number
  /** How long a command in notify.d may take. */
  readonly notifyTimeout: number
  /** Who may read /metrics on the agent's port. */
  readonly metrics: 'host' | 'anybody'
  readonly logLevel: string
}

/** Every setting as text with its origin. */
export function resolve(sources: Sources): Resolved {
  return Object.fromEntries(SETTINGS.map((setting) => [setting.name, find(setting, sources)])) as Resolved
}

/** All faults at once, each with its mend; empty where everything is fine. */
export function findFaults(resolved: Resolved): readonly Fault[] {
  const faults: Fault[] = []
  for (const setting of SETTINGS) {
    const { text, origin, source } = resolved[setting.name]
    const wrong = text === '' ? null : setting.check(text)
    if (wrong === null) continue
    const shown = setting.secret ? 'the value' : JSON.stringify(text.slice(0, 80))
    faults.push({ code: `bad-${setting.name}`, message: `${setting.name} (${origin} ${source}): ${shown}: ${wrong}`, hint: setting.secret ? `Give --${setting.name}-file FILE or set ${setting.variable}.` : `Set --${setting.name} ${setting.value} or ${setting.variable}.` })
  }
  for (const name of ['name', 'address', 'secret'] as const) {
    if (resolved[name].text === '') faults.push({ code: `no-${name}`, message: `${name} is not set`, hint: REQUIRED[name] })
  }
  return [...faults, ...portFaults(resolved), ...tlsFaults(resolved)]
}

/** @throws FaultsError with all faults */
export function toConfig(resolved: Resolved): Config {
  const faults = findFaults(resolved)
  if (faults.length > 0) throw new FaultsError('configuration', faults)
  const text = (name: SettingName) => resolved[name].text
  const port = (name: SettingName) => Number(text(name))
  const publicPort = (name: 'sql' | 'group' | 'ist' | 'sst' | 'agent') => Number(text(`public-${name}-port`) || text(`${name}-port`))
  const time = (name: SettingName) => Number(text(name)) * 1000
  return {
    name: text('name'),
    clusterName: text('cluster-name'),
    bindAddress: text('bind-address') || text('address'),
    own: {
      name: text('name'),
      host: text('address'),
      sqlPort: publicPort('sql'),
      groupPort: publicPort('group'),
      istPort: publicPort('ist'),
      sstPort: publicPort('sst'),
      agentPort: publicPort('agent'),
    },
    listen: { sql: port('sql-port'), group: port('group-port'), ist: port('ist-port'), sst: port('sst-port'), agent: port('agent-port') },
    peers: text('peers') === '' ? null : parsePeerList(text('peers')),
    secret: text('secret'),
    app: { user: text('app-user'), password: text('app-password') || null, database: text('app-database') },
    sstMethod: text('sst-method'),
    sstSilence: time('sst-silence'),
    sstLanes: text('sst-lanes') === '' ? null : Number(text('sst-lanes')),
    tls: text('tls') === 'off' ? 'off' : text('tls-ca') === '' ? 'cluster' : { ca: text('tls-ca'), certificate: text('tls-cert'), key: text('tls-key') },
    weight: Number(text('weight')),
    absentMembers: text('absent-members') === 'majority' ? 'majority' : 'wait',
    absentWait: time('absent-wait'),
    bufferPool: text('buffer-pool'),
    gcacheSize: text('gcache-size'),
    providerOptions: text('provider-options'),
    snapshots: text('snapshots') || null,
    archive: text('archive') || null,
    archiveKeep: text('archive-keep') === '' ? null : Number(text('archive-keep')) * DAY,
    mariadbBin: text('mariadb-bin') || null,
    galeraLibrary: text('galera-library'),
    startTimeout: time('start-timeout'),
    stopTimeout: time('stop-timeout'),
    probeTimeout: time('probe-timeout'),
    notifyTimeout: time('notify-timeout'),
    metrics: text('metrics') === 'anybody' ? 'anybody' : 'host',
    logLevel: text('log-level'),
  }
}

/** Milliseconds. */
const DAY = 86_400_000

const REQUIRED = {
  name: 'Set --name NAME: unique in the cluster.',
  address: 'Set --address HOST: where the other nodes reach this one.',
  secret: 'Run galeractl setup, which makes one, or give the cluster\'s with --secret-file FILE.',
} as const

function portFaults(resolved: Resolved): readonly Fault[] {
  const own = (['sql-port', 'group-port', 'ist-port', 'sst-port', 'agent-port'] as const).map((name) => [name, resolved[name].text] as const)
  // mariadbd listens on this one too.
  const ist = resolved['public-ist-port'].text
  const ports = ist === '' || ist === resolved['ist-port'].text ? own : [...own, ['public-ist-port', ist] as const]
  return ports.flatMap(([name, text], at) => {
    const same = ports.slice(0, at).find(([, other]) => other === text)
    return same === undefined ? [] : [{ code: 'same-port', message: `${name} and ${same[0]} are both ${text}`, hint: `Set --${name} to another port.` }]
  })
}

function tlsFaults(resolved: Resolved): readonly Fault[] {
  const names = ['tls-ca', 'tls-cert', 'tls-key'] as const
  if (resolved.tls.text !== 'off' && /%|^::ffff:/i.test(resolved.address.text)) return [{ code: 'tls-address', message: `address ${resolved.address.text}: a certificate cannot name it`, hint: 'Set --address to an IPv4 address, an IPv6 address of a wider scope, or a host name.' }]
  const missing = names.filter((name) => resolved[name].text === '')
  if (missing.length === 0 || missing.length === names.length) return []
  return [{ code: 'half-tls', message: `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set, but ${names.filter((name) => !missing.includes(name)).join(' and ')}`, hint: 'Set all three for certificates of your own, or none for those of the cluster\'s CA.' }]
}
