import { extname, resolve } from 'node:path'
import { optionMeant, readOptions, serverGroups, type SetOption } from './option-files.ts'

/** The options that say where logs are. */
const NAMES: ReadonlySet<string> = new Set(['log_error', 'general_log_file', 'slow_query_log_file'])

/** Where a server writes its logs; null where conf.d says nothing of it. */
export interface ServerLogs {
  /** The error log; without one it is what the server writes to stderr. */
  readonly error: string | null
  readonly general: string | null
  readonly slow: string | null
}

export interface LogPlaces {
  readonly config: string
  readonly series: string
  readonly data: string
  readonly pidFile: string
}

export async function readServerLogs(places: LogPlaces): Promise<ServerLogs> {
  return serverLogs(await readOptions(places.config, serverGroups(places.series)), places)
}

/** log_error without a name is named as the pid file, one without an extension gets `.err`; all are in the datadir unless they say more [ran, 10.11.19]. */
export function serverLogs(options: readonly SetOption[], { data, pidFile }: Pick<LogPlaces, 'data' | 'pidFile'>): ServerLogs {
  const last = (name: string) => options.findLast((one) => optionMeant(one.name, NAMES)?.name === name)
  const file = (name: string) => {
    const value = last(name)?.value ?? ''
    return value === '' ? null : resolve(data, value)
  }
  const error = last('log_error')
  const off = error === undefined || optionMeant(error.name, NAMES)?.value === 'OFF'
  const named = file('log_error') ?? pidFile.replace(/\.[^./]*$/, '')
  // /dev/stderr is another one here than for the server, which has its own in log/.
  const stream = /^\/(?:dev|proc)\//.test(named)
  return { error: off || stream ? null : extname(named) === '' ? `${named}.err` : named, general: file('general_log_file'), slow: file('slow_query_log_file') }
}
