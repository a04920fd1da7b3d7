import { basename } from 'node:path'

interface Gear {
  readonly config: string
  readonly data: string
}

/** Words of a server that makes or reads a datadir, or only speaks. */
const NOT_SERVING = new Set(['--wsrep-recover', '--bootstrap', '--help', '--version', '--print-defaults'])

/** Whether a command line is that of a server on the gear's data: not one that works on other data, as a restore does. */
export function servesData(command: readonly string[], { config, data }: Gear): boolean {
  return command.includes(`--defaults-file=${config}`) && !command.some((word) => NOT_SERVING.has(word) || (word.startsWith('--datadir=') && word !== `--datadir=${data}`))
}

/** As servesData, by the command line alone: the programs of state transfers name the same file. */
export const isServerOf = (gear: Gear) => (command: readonly string[]): boolean => /^(mariadbd|mysqld)$/.test(basename(command[0] ?? '')) && servesData(command, gear)
