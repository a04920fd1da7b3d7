import { expect, test } from 'vitest'
import { ownPlace } from '../../../src/mariadb/own-place.ts'
import { parseServerSettings } from '../../../src/mariadb/server-settings.ts'

/** As `mariadbd --verbose --help` of 10.11.19 ends. */
const settings = parseServerSettings(`  --innodb-undo-directory=name
                      Directory where undo tablespace files live

Variables (--variable-name=value)
and boolean options {FALSE|TRUE}                             Value (after reading options)
------------------------------------------------------------ -------------
innodb-data-file-path                                        /mnt/a/ibdata1:12M;/mnt/b/ibdata2:12M:autoextend
innodb-data-home-dir                                         
innodb-undo-directory                                        /mnt/undo
innodb-tmpdir                                                (No default value)
socket                                                       /gear/run/mariadbd.sock

To see what variables a running server is using, type
`)

test('settings are read from the table alone', () => {
  expect(['innodb-undo-directory', 'innodb-data-home-dir', 'innodb-tmpdir', 'to'].map((name) => settings.get(name))).toEqual(['/mnt/undo', null, null, null])
  expect(() => parseServerSettings('nothing')).toThrow('no table')
})

test('a server beside the node has every path inside its own place, also where innodb_data_file_path tells folders', () => {
  const options = ownPlace({ data: '/gear/verify/data', files: 'in-data', folder: '/gear/run/verify' }, settings)
  const paths = options.flatMap((option) => /=(.*\/.*)$/.exec(option)?.[1] ?? [])
  expect(paths.filter((path) => !/^\/gear\/(verify\/data|run\/verify)(\/|$)/.test(path))).toEqual([])
  expect(options).toContain('--innodb-data-file-path=ibdata1:12M;ibdata2:12M:autoextend')
  for (const name of ['datadir', 'innodb-data-home-dir', 'innodb-log-group-home-dir', 'innodb-undo-directory', 'aria-log-dir-path', 'tmpdir', 'innodb-tmpdir', 'socket', 'pid-file', 'general-log-file', 'slow-query-log-file', 'relay-log', 'log-tc', 'secure-file-priv']) expect(options.some((option) => option.startsWith(`--${name}=/gear/`)), name).toBe(true)
})

test('on the node\'s own datadir, its files stay where its settings want them', () => {
  const options = ownPlace({ data: '/gear/data', files: 'as-set', folder: '/gear/run/offline' }, settings)
  expect(options.filter((option) => /innodb-(data|log|undo)|aria/.test(option))).toEqual([])
  expect(options).toContain('--datadir=/gear/data')
})
