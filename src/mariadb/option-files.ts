import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileError, isErrno } from '../system/files.ts'
import { KNOWN_SERIES } from './templates.ts'

/** An option as one line of an option file sets it. */
export interface SetOption {
  /** With '_' for '-', without `loose_`; prefixes such as `skip_` stay. */
  readonly name: string
  /** Unquoted; null where the line has no '='. */
  readonly value: string | null
  readonly file: string
  readonly line: number
  /** An unknown one is no error. */
  readonly loose: boolean
}

/** What mariadbd reads of option files, as `mariadbd --help --verbose` names it [ran: 10.11, 11.8]. */
export const serverGroups = (series: string): ReadonlySet<string> =>
  new Set(['mysqld', 'server', `mysqld-${series}`, 'mariadb', `mariadb-${series}`, 'mariadbd', `mariadbd-${series}`, 'client-server', 'galera'])

/** The same of every series, for who does not know which one runs. */
export const SERVER_GROUPS: ReadonlySet<string> = new Set(KNOWN_SERIES.flatMap((series) => [...serverGroups(series)]))

/** Of !include in !include (my_default.c). */
const DEEPEST = 10

/**
 * The options of a file and of those that it includes, in the order in which they count: the last wins. Read as my_default.c reads them: a file that
 * is missing, closed, or that everybody may write is passed over. What mariadbd ends over, such as an option without a group, is left out here.
 * @throws OutsideError `file-write` where a file cannot be read
 */
export async function readOptions(config: string, groups: ReadonlySet<string>): Promise<readonly SetOption[]> {
  return optionsOf(config, groups, 0)
}

async function optionsOf(file: string, groups: ReadonlySet<string>, depth: number): Promise<readonly SetOption[]> {
  const text = await readOpen(file)
  if (text === null) return []
  const found: SetOption[] = []
  let read = false
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue
    const include = /^!\s*(include|includedir)\s+(.*)$/.exec(line)
    if (include !== null) {
      const names = depth === DEEPEST ? [] : await included(include[1] ?? '', include[2] ?? '')
      for (const name of names) found.push(...(await optionsOf(name, groups, depth + 1)))
      continue
    }
    if (line.startsWith('[')) read = groups.has(line.slice(1).split(']', 1)[0]?.trimEnd() ?? '')
    else if (read && !line.startsWith('!')) found.push(parseLine(line, file, at + 1))
  }
  return found
}

/** null where mariadbd passes it over. */
async function readOpen(file: string): Promise<string | null> {
  try {
    const info = await stat(file)
    return info.isFile() && (info.mode & OTHERS_WRITE) !== 0 ? null : await readFile(file, 'utf8')
  } catch (cause) {
    if (PASSED_OVER.some((code) => isErrno(cause, code))) return null
    throw fileError('read', file, cause)
  }
}

const OTHERS_WRITE = 0o002
const PASSED_OVER = ['ENOENT', 'ENOTDIR', 'EACCES', 'EISDIR']

async function included(how: string, path: string): Promise<readonly string[]> {
  if (how === 'include') return [resolve(path)]
  const names = await readdir(path).catch(() => [])
  return names.filter((name) => name.endsWith('.cnf')).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map((name) => join(resolve(path), name))
}

function parseLine(line: string, file: string, number: number): SetOption {
  const text = withoutComment(line)
  const equals = text.indexOf('=')
  const written = (equals < 0 ? text : text.slice(0, equals)).trimEnd().replaceAll('-', '_')
  const loose = written.startsWith('loose_')
  return { name: loose ? written.slice('loose_'.length) : written, value: equals < 0 ? null : unquoted(text.slice(equals + 1).trim()), file, line: number, loose }
}

/** Up to a '#' outside of quotes. */
function withoutComment(line: string): string {
  let quote = ''
  let escaped = false
  for (const [at, letter] of [...line].entries()) {
    if ((letter === '"' || letter === "'") && !escaped) quote = quote === '' ? letter : quote === letter ? '' : quote
    if (quote === '' && letter === '#') return [...line].slice(0, at).join('')
    escaped = quote !== '' && letter === '\\' && !escaped
  }
  return line
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', s: ' ', '"': '"', "'": "'", '\\': '\\' }

function unquoted(value: string): string {
  const first = value[0]
  const inner = value.length > 1 && (first === '"' || first === "'") && value.endsWith(first) ? value.slice(1, -1) : value
  return inner.replaceAll(/\\([\s\S])/g, (both, letter: string) => ESCAPES[letter] ?? both)
}

/** A value as a line of an option file takes it. */
export const quoted = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`

/**
 * Of these names of options the one that a written name means: the same one, one that it is the only beginning of, or one of those behind `skip_`,
 * `disable_`, `enable_` or `maximum_` (my_getopt.c). null: none.
 */
export function optionMeant(written: string, known: ReadonlySet<string>): { readonly name: string; readonly value: string | null } | null {
  const whole = known.has(written) ? written : onlyBeginning(written, known)
  if (whole !== null) return { name: whole, value: null }
  const [, prefix, rest] = /^(skip|disable|enable|maximum)_(.+)$/.exec(written) ?? []
  if (rest === undefined) return null
  const name = known.has(rest) ? rest : onlyBeginning(rest, known)
  return name === null ? null : { name, value: prefix === 'enable' ? 'ON' : prefix === 'maximum' ? null : 'OFF' }
}

function onlyBeginning(written: string, known: ReadonlySet<string>): string | null {
  const begun = [...known].filter((name) => name.startsWith(written))
  return begun.length === 1 ? (begun[0] ?? null) : null
}

/** How mariadbd names an option in what it says of it [ran, 10.11.19]. */
const NAMED: readonly RegExp[] = [
  /unknown (?:variable|option) '(?:--)?([^'=]+)/,
  /ambiguous option '--([^'=]+)/,
  /Error while setting value '.*' to '([^']+)'/,
  /option '(?:--)?([^'=]+)/,
  /for variable '([^']+)'/,
  /variable '([^']+)' \(value/,
  /value of '([^']+)' cannot be set/,
]

/** The line that an error is about: of the option that it names, or the last whose value it quotes. */
export function optionNamed(error: string, options: readonly SetOption[]): SetOption | null {
  const name = NAMED.map((one) => one.exec(error)?.[1]).find((one) => one !== undefined)?.replaceAll('-', '_')
  const meant = name === undefined ? [] : options.filter((one) => one.name === name || optionMeant(one.name, new Set([name])) !== null)
  if (name !== undefined) return meant.findLast(({ value }) => value !== null && value !== '' && error.includes(value)) ?? meant.at(-1) ?? null
  // A plugin has the name of an engine that is a value as well.
  if (error.startsWith('Plugin ')) return null
  return options.findLast(({ value }) => value !== null && value.length > 1 && error.includes(`'${value}'`)) ?? null
}
