import { expect, test } from 'vitest'
import { parseServerSettings } from '../../../src/mariadb/server-settings.ts'
import { prepareConfig } from '../../../src/recovery/prepare-config.ts'

const settings = (...lines: readonly string[]) => parseServerSettings(['-'.repeat(60) + ' ---', ...lines, ''].join('\n'))

test('a backup is prepared with the form of its files, and none of the folders of the server that it is of', () => {
  const config = prepareConfig('[mysqld]\ninnodb_checksum_algorithm=crc32\ninnodb_data_file_path=/mnt/a/ibdata1:12M;ibdata2:12M:autoextend\ninnodb_page_size=32768\ninnodb_undo_directory=/mnt/undo\ninnodb_undo_tablespaces=3\nfile_key_management_filename=/old\n', settings('file-key-management OFF'))
  expect(config).toBe('[mysqld]\ninnodb_checksum_algorithm = crc32\ninnodb_data_file_path = ibdata1:12M;ibdata2:12M:autoextend\ninnodb_page_size = 32768\ninnodb_undo_tablespaces = 3\n')
})

test('the keys of encrypted files are where the settings of this gear have them', () => {
  const config = prepareConfig('', settings('file-key-management ON', 'file-key-management-filename /etc/keys', 'file-key-management-filekey a"b', 'innodb-encrypt-log TRUE', 'innodb-encrypt-tables FORCE', 'plugin-dir /plugins/'))
  expect(config.split('\n')).toEqual(['[mysqld]', 'plugin_load = file_key_management', 'plugin_dir = "/plugins/"', 'innodb_encrypt_log = "TRUE"', 'innodb_encrypt_tables = "FORCE"', 'file_key_management_filename = "/etc/keys"', 'file_key_management_filekey = "a\\"b"', ''])
})
