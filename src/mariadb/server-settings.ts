import { basename } from 'node:path'
import { OutsideError } from '../errors.ts'
import { run } from '../system/processes.ts'
import { causeIn } from './start-failure.ts'

/** What mariadbd makes of its my.cnf with all that it includes. */
export interface ServerSettings {
  /** By the name of the option, words joined by `-`; null where it has no value. Values are as they were written: paths may be relative to the datadir. */
  readonly get: (name: string) => string | null
  /** Names that begin so and have a value. */
  readonly named: (beginning: string) => readonly string[]
}

/**
 * The settings with which a server of this my.cnf would run, as `mariadbd --verbose --help` prints them: about 60 ms [ran].
 * @throws OutsideError `bad-settings` where the server refuses them
 */
export async function readServerSettings(mariadbd: string, config: string, signal?: AbortSignal): Promise<ServerSettings> {
  const { exitCode, stdout, stderr } = await run(mariadbd, [`--defaults-file=${config}`, '--disable-log-error', '--verbose', '--help'], { timeout: 60_000, ...(signal === undefined ? {} : { signal }) })
  if (exitCode !== 0) {
    const said = causeIn(stderr) ?? stderr.trim().split('\n').at(-1) ?? ''
    throw new OutsideError('bad-settings', `mariadbd refuses the settings in ${config} and what it includes: ${said.slice(0, 300)}`, 'Fix them in conf/conf.d of the gear, then run the command again.')
  }
  return parseServerSettings(stdout)
}

/** Of what `mariadbd --verbose --help` prints: the table at its end. @throws OutsideError `bad-settings` where there is none */
export function parseServerSettings(text: string): ServerSettings {
  const at = text.search(/^-{20,} -+$/m)
  if (at < 0) throw new OutsideError('bad-settings', 'mariadbd --verbose --help prints no table of settings', 'Look at what is installed as mariadbd: see the setting mariadb-bin.')
  const table = text.slice(at)
  const values = new Map([...table.matchAll(/^([a-z][a-z0-9_-]*) +(.*)$/gm)].map(([, name = '', value = '']) => [name.replaceAll('_', '-'), value]))
  const get = (name: string) => {
    const value = values.get(name)
    return value === undefined || value === '' || value === '(No default value)' ? null : value
  }
  return { get, named: (beginning) => [...values.keys()].filter((name) => name.startsWith(beginning) && get(name) !== null) }
}

/** The files of the system tablespace by their names alone, whose folders innodb_data_file_path may tell too. */
export function dataFilePath(settings: ServerSettings): string {
  return (settings.get('innodb-data-file-path') ?? 'ibdata1:12M:autoextend').split(';').map((file) => basename(file.split(':')[0] ?? '') + file.slice((file.split(':')[0] ?? '').length)).join(';')
}
