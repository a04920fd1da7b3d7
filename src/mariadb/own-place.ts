import { join } from 'node:path'
import { dataFilePath, type ServerSettings } from './server-settings.ts'

/** Where a server that runs beside the node has its files. */
export interface OwnPlace {
  readonly data: string
  /** `in-data`: as of a backup, all files lie in the datadir. `as-set`: it is the node's own datadir, and its files are where its settings say. */
  readonly files: 'in-data' | 'as-set'
  /** For its socket, pid file and temporary files; short, since the kernel limits the name of a socket. */
  readonly folder: string
}

export const socketIn = (folder: string): string => join(folder, 's.sock')

/**
 * The options that keep a server inside its own place, whatever the owner's conf.d says: behind --defaults-file, they are read last and win. It is
 * part of no cluster, listens on a socket alone, runs nothing by itself, and what it would log goes to its stderr.
 */
export function ownPlace({ data, files, folder }: OwnPlace, settings: ServerSettings): readonly string[] {
  const at = (name: string) => join(folder, name)
  return [
    `--datadir=${data}`,
    ...(files === 'as-set' ? [] : [
      `--innodb-data-home-dir=${data}`,
      `--innodb-data-file-path=${dataFilePath(settings)}`,
      `--innodb-log-group-home-dir=${data}`,
      `--innodb-undo-directory=${data}`,
      `--aria-log-dir-path=${data}`,
      `--log-tc=${join(data, 'tc.log')}`,
      `--log-ddl-recovery=${join(data, 'ddl_recovery.log')}`,
      // DATA DIRECTORY counts for nothing: a new table is in the datadir too.
      '--skip-symbolic-links',
    ]),
    `--socket=${socketIn(folder)}`,
    `--pid-file=${at('s.pid')}`,
    `--tmpdir=${folder}`,
    `--innodb-tmpdir=${folder}`,
    `--slave-load-tmpdir=${folder}`,
    `--secure-file-priv=${folder}`,
    '--disable-log-error',
    '--general-log=OFF',
    `--general-log-file=${at('general.log')}`,
    '--slow-query-log=OFF',
    `--slow-query-log-file=${at('slow.log')}`,
    '--loose-server-audit-logging=OFF',
    '--skip-log-bin',
    `--relay-log=${at('relay')}`,
    `--relay-log-index=${at('relay.index')}`,
    `--relay-log-info-file=${at('relay.info')}`,
    `--master-info-file=${at('master.info')}`,
    '--init-file=',
    '--skip-networking',
    '--skip-slave-start',
    '--event-scheduler=OFF',
    '--wsrep-on=OFF',
    '--wsrep-provider=none',
    '--wsrep-notify-cmd=',
  ]
}
