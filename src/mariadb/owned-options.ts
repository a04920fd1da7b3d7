import { dirname } from 'node:path'
import type { Fault } from '../errors.ts'
import { optionMeant, type SetOption } from './option-files.ts'

/** What galeractl's picture of a server rests on. */
interface Owned {
  readonly name: string
  /** What it must be where galeractl's own files do not set it. */
  readonly needed: string | null
  /** As galeractl's own files set another option. */
  readonly as?: string
  /** How a person gets what the line was for. `value`: of that line. */
  readonly instead: (value: string) => string
  /** Whether two values are the same to a server. Default: the same text. */
  readonly same?: (a: string, b: string) => boolean
}

const TRUE = /^(1|on|true|yes|force)$/i
const sameText = (a: string, b: string) => a === b
const sameNumber = (a: string, b: string) => a === b || (a !== '' && Number(a) === Number(b))
const sameBoolean = (a: string, b: string) => TRUE.test(a) === TRUE.test(b)
const sameWord = (a: string, b: string) => a.toUpperCase() === b.toUpperCase()
const sameFolder = (a: string, b: string) => a.replace(/\/+$/, '') === b.replace(/\/+$/, '')
/** Also where it is listened to on more addresses than needed. */
const reaches = (given: string, needed: string) =>
  given.split(',').map((one) => one.trim()).some((one) => one === needed || one === '*' || one === '::' || (one === '0.0.0.0' && !needed.includes(':')))

const setting = (words: (value: string) => string) => (value: string) => `Remove the line. To change it: galeractl setup ${words(value)}`
const never = (why: string) => () => `Remove the line: ${why}.`

const own = (name: string, instead: Owned['instead'], same?: Owned['same']): Owned => ({ name, needed: null, instead, ...(same === undefined ? {} : { same }) })
const needs = (name: string, needed: string, instead: Owned['instead'], same: Owned['same'] = sameBoolean): Owned => ({ name, needed, instead, same })

/** In the order of docs/own-settings.md. */
export const OWNED: readonly Owned[] = [
  own('port', setting((value) => `--sql-port ${value}`), sameNumber),
  own('bind_address', setting((value) => `--bind-address ${value}`), reaches),
  needs('skip_networking', 'OFF', never('applications, peers and state transfers reach the server over the network')),
  own('socket', never('galeractl, and mariadb-backup, use the socket in the gear\'s run/')),
  own('pid_file', never('galeractl finds the server by the file in the gear\'s run/')),
  own('datadir', never('the datadir of a gear is its data/'), sameFolder),
  own('basedir', setting(() => '--mariadb-bin DIR, the folder with mariadbd'), sameFolder),
  needs('chroot', '', never('the paths of a gear would mean something else in it'), sameFolder),
  own('wsrep_on', never('without it the node serves clients outside of its cluster'), sameBoolean),
  own('wsrep_provider', setting((value) => `--galera-library ${value}`)),
  own('wsrep_provider_options', setting((value) => `--provider-options '${value}', which adds to galeractl's own`)),
  needs('plugin_wsrep_provider', 'OFF', never('galeractl could not set provider options of a running server any more'), sameWord),
  own('wsrep_cluster_name', setting((value) => `--cluster-name ${value}, on all nodes`)),
  own('wsrep_cluster_address', setting(() => '--peers LIST')),
  needs('wsrep_new_cluster', 'OFF', never('each start would begin a new cluster; galeractl decides when a node bootstraps')),
  needs('wsrep_start_position', '', never('galeractl passes the position that it has read'), sameText),
  needs('wsrep_recover', 'OFF', never('the server would end at once')),
  own('wsrep_node_name', never('a node is known by its name for good (--name of its first setup)')),
  own('wsrep_node_address', setting(() => '--address HOST, with --public-group-port behind a port proxy')),
  own('wsrep_node_incoming_address', setting(() => '--address HOST, with --public-sql-port behind a port proxy')),
  own('wsrep_sst_method', setting((value) => `--sst-method ${value}, on all nodes`), sameWord),
  own('wsrep_sst_receive_address', setting(() => '--address HOST, with --sst-port and --public-sst-port')),
  { name: 'wsrep_data_home_dir', needed: null, as: 'datadir', instead: never('Galera\'s state files must be in data/'), same: sameFolder },
  own('binlog_format', never('Galera replicates rows only'), sameWord),
  needs('wsrep_forced_binlog_format', 'NONE', never('Galera replicates rows only'), (a, b) => sameWord(a, b) || sameWord(a, 'ROW')),
  own('innodb_autoinc_lock_mode', never('with another mode Galera deadlocks'), sameNumber),
  needs('innodb', 'ON', never('Galera replicates InnoDB')),
  needs('innodb_read_only', 'OFF', never('a member applies the writes of the others')),
  needs('tc_heuristic_recover', 'OFF', never('the server would end at once; run mariadbd by hand for it, while the node is stopped'), sameWord),
  needs('bootstrap', 'OFF', never('the server would read SQL from its input and end')),
]

/** Owned by its meaning, and followed: galeractl's own command stays in force, and the agent calls this one as well. */
export const FOLLOWED = 'wsrep_notify_cmd'

const NAMES: ReadonlySet<string> = new Set([...OWNED.map(({ name }) => name), FOLLOWED])

export interface OwnedFault {
  readonly fault: Fault
  /** The lines that set it. */
  readonly lines: readonly SetOption[]
}

/** Whether a line is of galeractl's own files, which are beside my.cnf; conf.d is a folder there. */
export const isOwnFile = ({ file }: SetOption, config: string): boolean => dirname(file) === dirname(config)

/**
 * What others than galeractl set otherwise than it needs. `effective`: values as mariadbd understands them, by name with '_'; where it does not tell, the
 * line counts as it is written.
 */
export function ownedFaults(options: readonly SetOption[], config: string, effective: ReadonlyMap<string, string>): readonly OwnedFault[] {
  const known: ReadonlySet<string> = new Set([...effective.keys(), ...NAMES])
  const meant = options.map((line) => ({ line, option: optionMeant(line.name, known) }))
  return OWNED.flatMap(({ name, needed, as = name, instead, same = sameText }) => {
    const set = meant.filter(({ option }) => option?.name === name)
    const last = set.at(-1)
    if (last === undefined || isOwnFile(last.line, config)) return []
    const expected = meant.findLast(({ line, option }) => option?.name === as && isOwnFile(line, config))?.line.value ?? needed
    const written = last.option?.value ?? last.line.value ?? 'ON'
    if (expected === null || same(effective.get(name) ?? written, expected)) return []
    const fault = { code: 'owned-option', message: `${last.line.file} line ${last.line.line} sets ${name} = ${written}; galeractl needs ${expected === '' ? 'it unset' : expected}`, hint: instead(written) }
    return [{ fault, lines: set.flatMap(({ line }) => (isOwnFile(line, config) ? [] : [line])) }]
  })
}

/** The command of conf.d that mariadbd would call on each event, and galeractl's own; null where there is none, or only galeractl's. */
export function ownNotifyCommand(options: readonly SetOption[], config: string): { readonly command: string; readonly ours: string } | null {
  const set = options.filter(({ name }) => optionMeant(name, NAMES)?.name === FOLLOWED)
  const last = set.at(-1)
  const ours = set.findLast((line) => isOwnFile(line, config))?.value
  if (last === undefined || isOwnFile(last, config) || ours === null || ours === undefined || last.value === ours) return null
  return { command: last.value ?? '', ours }
}
