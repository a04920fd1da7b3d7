import { optionNamed, type SetOption } from './option-files.ts'

/** What mariadbd says after something else went wrong: no cause by itself [ran, 10.11.19, galera 26.4.23]. */
const CONSEQUENCES: readonly RegExp[] = [
  /^Aborting$/,
  /^Fatal error in defaults handling/,
  /^Plugin '.*' registration as a .* failed/,
  /^Plugin '.*' init function returned error/,
  /^Parsing options for plugin '.*' failed/,
  /^Failed to initialize plugins/,
  /^Could not open mysql\.plugin table/,
  /^Unknown\/unsupported storage engine: InnoDB$/,
  /^InnoDB: Plugin initialization aborted/,
  /^Failed to setup SSL$/,
  /^Can't init tc log/,
  /^Could not open log file$/,
  /^Do you already have another server running/,
  /^Error on close of '\(null\)'/,
  /^WSREP: Failed to (?:create a new|load) provider/,
  /^WSREP: .*(?:State wait was interrupted|View callback failed|Application state transfer failed)/,
  /^WSREP: (?:SST request callback failed|Requesting state transfer failed|State transfer request failed|Startup SST|SST (?:failed|preparation failed|sent failed))/,
  /^WSREP: .*(?:gcs_core_open|gcs_open)\(\)/,
  /^WSREP: (?:gcs connect failed|wsrep::connect)/,
]

/** What a server comes up with all the same [ran]; before a real cause it would be taken for one. */
const BORNE: readonly RegExp[] = [
  /^Can't open shared library/,
  /^Couldn't load plugins from/,
  /^Function '.*' already exists$/,
  /^Could not use .* for logging/,
  /^Can't create file '.*' \(errno/,
  /^One can only use the --user switch/,
  /(?:Table|table) .*(?:is marked as crashed|was marked as crashed|hasn't closed the table properly)/,
  /^Got error '\d+ "Table was marked as crashed/,
  /is using or hasn't closed the table properly/,
]

/** Lines after which the one before was borne too: it says why. */
const BORNE_WITH_REASON = [/^Plugin '.*' init function returned error/, /^Could not use .* for logging/]

/** A plugin of another kind is missed by nothing, or by an engine that says so. */
const ENGINE_FAILED = /^Plugin '.*' registration as a STORAGE ENGINE failed/

/** What is said about encryption may have its cause in a plugin that did not come up. */
const NEEDS_KEYS = /encrypt|decrypt/i

/** Values of options that are nobody else's business. */
const SECRET = /'([^'=]*(?:pass|secret|key|auth|token)[^'=]*)=[^']*'/gi

/**
 * What went wrong, in the order of its saying, without what only followed from it. `text`: of a server's log or of what it wrote to stderr; without times, thread
 * numbers and the values of secret options.
 */
export function causesIn(text: string): readonly string[] {
  const all = errorsIn(text)
  const borne = all.map((error, at) => isBorne(error) || isReason(all, at))
  const causes = all.filter((error, at) => borne[at] !== true && !CONSEQUENCES.some((one) => one.test(error)))
  const keys = causes[0] !== undefined && NEEDS_KEYS.test(causes[0]) ? all.filter((_, at) => isReason(all, at)) : []
  return [...new Set([...keys, ...causes])]
}

/** Why a start failed: the first cause; where there is none, the first of what is only its consequence. null: nothing is said of it. */
export function causeIn(text: string): string | null {
  return causesIn(text)[0] ?? errorsIn(text).find((error) => !isBorne(error) && error !== 'Aborting') ?? null
}

/** A cause with the line of the option file that it is about, if it names an option. */
export function withPlace(cause: string, options: readonly SetOption[]): string {
  const named = optionNamed(cause, options)
  return named === null ? cause : `${cause} (${named.file} line ${named.line})`
}

const isBorne = (error: string): boolean => BORNE.some((one) => one.test(error))

/** The reason of what was borne, which stands before it. */
function isReason(all: readonly string[], at: number): boolean {
  const [error = '', next = '', then = ''] = all.slice(at, at + 3)
  return BORNE_WITH_REASON.some((one) => one.test(next)) && !CONSEQUENCES.some((one) => one.test(error)) && !ENGINE_FAILED.test(then)
}

const LONGEST = 300

function errorsIn(text: string): readonly string[] {
  const said = text.split('\n').flatMap((line) => {
    const said = errorOf(line.replaceAll(/\p{Cc}/gu, ' ').trim())
    return said === null ? [] : [said.replaceAll(SECRET, "'$1'").slice(0, LONGEST)]
  })
  // InnoDB says in two lines what the system told it.
  return said.map((error, at) => (SYSTEM_ERROR.test(error) && said[at + 1] !== undefined ? `${error} ${said[at + 1]?.replace('InnoDB: ', '')}` : error))
}

const SYSTEM_ERROR = /^InnoDB: Operating system error number \d+ in a file operation\.$/

/** What a line says, if it is of an error; null where not. */
function errorOf(line: string): string | null {
  const marked = /\[ERROR\]\s*(.*)$/.exec(line)?.[1]
  const scripted = /^(WSREP_SST): \[ERROR\]\s*(.*?)(?: \([\d-]{8,10}[ T][\d:.]+Z?\))?$/.exec(line)
  if (scripted !== null) return /^[*\s]*$|^Cleanup after exit/.test(scripted[2] ?? '') ? null : `${scripted[1]}: ${scripted[2]}`
  if (marked !== undefined) return withoutProgram(marked)
  if (/got signal \d+|terminate called after throwing|Assertion failure in file|Assertion `.*' failed/.test(line)) return line.replace(/^\S+ \S+ \S+ /, '')
  return /^(?:error|ERROR|mariadbd|mysqld|SSL error|Fatal error)\b.*?[: ]/.test(line) ? withoutProgram(line) : null
}

const withoutProgram = (text: string): string => text.replace(/^(?:Buffered error: )?(?:\S*\/)?(?:mariadbd|mysqld): /, '').replace(/^error: /i, '')
