import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fault, FaultsError } from '../errors.ts'
import { namesIn } from '../system/files.ts'
import { run } from '../system/processes.ts'
import { optionNamed, quoted, readOptions, serverGroups, type SetOption } from './option-files.ts'
import { ownedFaults } from './owned-options.ts'
import { causesIn } from './start-failure.ts'

export interface OptionQuery {
  readonly mariadbd: string
  readonly series: string
  /** The gear's my.cnf. */
  readonly config: string
  readonly datadir: string
  /** A state transfer is to bring the whole datadir, and with it the plugins that are installed by SQL. */
  readonly arrives: boolean
}

export interface ExaminedOptions {
  /** What a server would not start with, or would be another one with than galeractl believes; all of it. */
  readonly faults: readonly Fault[]
  /** The options without those lines, as the text of an option file; null where there are no faults. */
  readonly sound: string | null
}

/** Told in one sentence too: the agent goes on, and `status` shows no list. */
export class OptionsError extends FaultsError {
  constructor(faults: readonly Fault[]) {
    super('options', faults)
    this.message = `mariadbd is not launched: ${faults.map(({ message }) => message).join('; ')}`
  }
}

/** Each round finds what the one before hid: mariadbd ends at the first value that it cannot read. */
const MOST_ROUNDS = 20

/**
 * What mariadbd makes of its option files, found without starting it: `--help --verbose` reads them all, says what it does not take and prints what is in
 * effect, in 60 ms [ran]. What only a start shows, as a file that is missing, stays to be found by it.
 * @throws OutsideError `no-program`, `program-timeout`
 */
export async function examineOptions(query: OptionQuery): Promise<ExaminedOptions> {
  const { config, series } = query
  const options = await readOptions(config, serverGroups(series))
  const faults = new Map<SetOption | string, Fault>()
  const dropped = new Set<SetOption>()
  let answer = await ask(query, config)
  for (let round = 0; round < MOST_ROUNDS && answer.refused; round++) {
    const before = faults.size
    const left = options.filter((one) => !dropped.has(one))
    for (const cause of answer.causes) {
      const line = optionNamed(cause, left)
      if (!faults.has(line ?? cause)) faults.set(line ?? cause, faultOf(cause, line))
      if (line !== null) dropped.add(line)
    }
    if (faults.size === before) break
    answer = await withFile(soundText(options, dropped), (file) => ask(query, file))
  }
  for (const { fault, lines } of ownedFaults(options.filter((one) => !dropped.has(one)), config, answer.values)) {
    faults.set(fault.message, fault)
    for (const line of lines) dropped.add(line)
  }
  return { faults: [...faults.values()], sound: faults.size === 0 ? null : soundText(options, dropped) }
}

function faultOf(cause: string, line: SetOption | null): Fault {
  const message = line === null ? `mariadbd does not take its option files: ${cause}` : `${line.file} line ${line.line}: ${cause}`
  return { code: 'bad-option', message, hint: line === null ? 'Fix the files in conf/conf.d of the gear.' : 'Fix the line, or remove it.' }
}

const soundText = (options: readonly SetOption[], dropped: ReadonlySet<SetOption>): string =>
  `[mariadbd]\n${options.filter((one) => !dropped.has(one)).map(({ name, value, loose }) => `${loose ? 'loose_' : ''}${name}${value === null ? '' : ` = ${quoted(value)}`}\n`).join('')}`

/** Runs `work` with a file of that text that nobody else can read: options may be secret. */
export async function withFile<Value>(text: string, work: (file: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'galeractl-'))
  try {
    const file = join(folder, 'options.cnf')
    await writeFile(file, text, { mode: 0o600 })
    return await work(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Answer {
  /** A start would end. */
  readonly refused: boolean
  readonly causes: readonly string[]
  /** By name with '_'; none where it ended before it printed them. */
  readonly values: ReadonlyMap<string, string>
}

/**
 * Options of plugins that were installed by SQL are known only from the table mysql.plugin, and to read that would write to the datadir [ran]: so it is asked without
 * a datadir, and once more with the libraries that may be meant, where it does not know an option.
 */
async function ask(query: OptionQuery, file: string): Promise<Answer> {
  const answer = await askWith(query, file, [])
  if (!answer.causes.some((cause) => cause.startsWith('unknown '))) return answer
  const libraries = await installedLibraries(query, answer.values.get('plugin_dir') ?? '')
  return libraries.length === 0 ? answer : askWith(query, file, libraries)
}

/** Long enough for a machine that is busy, milliseconds. */
const ANSWERED_WITHIN = 30_000

async function askWith({ mariadbd }: OptionQuery, file: string, libraries: readonly string[]): Promise<Answer> {
  const args = [`--defaults-file=${file}`, ...libraries.map((name) => `--plugin-load-add=${name}`), '--datadir=/nonexistent', '--disable-log-error', '--help', '--verbose']
  const { exitCode, stdout, stderr } = await run(mariadbd, args, { timeout: ANSWERED_WITHIN })
  const refused = exitCode !== 0 || /Parsing options for plugin '(?:InnoDB|Aria)' failed/.test(stderr)
  return { refused, causes: refused ? causesIn(stderr) : [], values: parseValues(stdout) }
}

/** What was said to the command line is no answer. */
const ASKED_WITH = new Set(['datadir', 'log_error', 'plugin_load_add', 'wsrep_data_home_dir', 'help', 'verbose'])

/** The table behind the line "Variables (--variable-name=value)". */
export function parseValues(text: string): ReadonlyMap<string, string> {
  const table = text.split(/^Variables \(--variable-name=value\).*\n.*\n[- ]+$/m)[1]?.split(/^To see what /m)[0] ?? ''
  const rows = [...table.matchAll(/^([a-z][\w-]*)(?: +(.*))?$/gm)].map(([, name = '', value = '']) => [name.replaceAll('-', '_'), value === '(No default value)' ? '' : value] as const)
  return new Map(rows.filter(([name]) => !ASKED_WITH.has(name)))
}

/** Larger logs are not searched, bytes. */
const LARGEST_LOG = 64 * 1024 * 1024

/** Libraries of the folder of plugins that mysql.plugin names, or the log of its engine after a crash; all of them where the table is to arrive. */
async function installedLibraries({ datadir, arrives }: OptionQuery, folder: string): Promise<readonly string[]> {
  const all = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.so'))
  if (arrives) return all
  const logs = (await namesIn(datadir).catch(() => [])).filter((name) => /^aria_log\.\d+$/.test(name))
  const texts = await Promise.all(['mysql/plugin.MAD', ...logs].map(async (name) => {
    const path = join(datadir, name)
    const size = await stat(path).then((info) => info.size, () => 0)
    return size > LARGEST_LOG ? null : readFile(path, 'latin1').catch(() => '')
  }))
  return texts.includes(null) ? all : all.filter((name) => texts.some((text) => text?.includes(name)))
}
