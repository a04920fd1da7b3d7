import { basename } from 'node:path'
import type { ServerSettings } from '../mariadb/server-settings.ts'

/** What the files of a backup were made with, without which --prepare can't read them. */
const FORM = new Set(['innodb_page_size', 'innodb_data_file_path', 'innodb_undo_tablespaces', 'innodb_checksum_algorithm'])

/** Plugins that have the keys of encrypted files; their options begin with their names. */
const KEY_PLUGINS = ['file-key-management', 'aws-key-management', 'hashicorp-key-management']

/**
 * How mariadb-backup prepares a backup: as its own backup-my.cnf says of the form of the files, but nothing of what that says of folders, which are
 * those of a server that may run. Keys are where this gear's settings have them. It may hold secrets. Pure. mariadb-backup knows what plugins add
 * in the server's group alone [ran].
 */
export function prepareConfig(backupMyCnf: string, settings: ServerSettings): string {
  const form = backupMyCnf.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? []
    return FORM.has(name) ? [`${name} = ${name === 'innodb_data_file_path' ? value.split(';').map((file) => basename(file)).join(';') : value}`] : []
  })
  return ['[mysqld]', ...form, ...KEY_PLUGINS.flatMap((plugin) => keysFrom(plugin, settings)), ''].join('\n')
}

function keysFrom(plugin: string, settings: ServerSettings): readonly string[] {
  if (settings.get(plugin) === null || settings.get(plugin) === 'OFF') return []
  const given = ['plugin-dir', 'innodb-encrypt-log', 'innodb-encrypt-tables', ...settings.named(`${plugin}-`)]
  return [`plugin_load = ${plugin.replaceAll('-', '_')}`, ...given.map((name) => `${name.replaceAll('-', '_')} = ${quote(settings.get(name) ?? '')}`)]
}

const quote = (value: string): string => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
