import { basename } from 'node:path'

/** What the files of a backup were made with, without which --prepare can't read them. */
const FORM = new Set(['innodb_page_size', 'innodb_data_file_path', 'innodb_undo_tablespaces', 'innodb_checksum_algorithm'])

/**
 * How mariadb-backup prepares a backup: as its own backup-my.cnf says of the form of the files, but nothing of what that says of folders, which are
 * those of a server that may run. Pure.
 */
export function prepareConfig(backupMyCnf: string): string {
  const form = backupMyCnf.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? []
    return FORM.has(name) ? [`${name} = ${name === 'innodb_data_file_path' ? value.split(';').map((file) => basename(file)).join(';') : value}`] : []
  })
  return ['[mariadb-backup]', ...form, ''].join('\n')
}
