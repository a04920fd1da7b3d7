import { expect, test } from 'vitest'
import { prepareConfig } from '../../../src/recovery/prepare-config.ts'
import { isRefusal } from '../../../src/recovery/standalone-trouble.ts'

test('a refused login is an answer; a closed socket and a busy moment are none', () => {
  expect(isRefusal(Object.assign(new Error(), { errno: 1045, sqlState: '28000' }))).toBe(true)
  expect(isRefusal(Object.assign(new Error(), { errno: 1040, sqlState: '08004' }))).toBe(false)
  expect(isRefusal(Object.assign(new Error(), { errno: -2, code: 'ENOENT' }))).toBe(false)
  expect(isRefusal(new Error('no answer within 10 s'))).toBe(false)
})

test('a backup is prepared with the form of its files, and none of the folders of the server that it is of', () => {
  const config = prepareConfig('[mysqld]\ninnodb_checksum_algorithm=crc32\ninnodb_data_file_path=/mnt/a/ibdata1:12M;ibdata2:12M:autoextend\ninnodb_page_size=32768\ninnodb_undo_directory=/mnt/undo\ninnodb_undo_tablespaces=3\n')
  expect(config).toBe('[mariadb-backup]\ninnodb_checksum_algorithm = crc32\ninnodb_data_file_path = ibdata1:12M;ibdata2:12M:autoextend\ninnodb_page_size = 32768\ninnodb_undo_tablespaces = 3\n')
})
