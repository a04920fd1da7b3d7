import { expect, test } from 'vitest'
import type { SetOption } from '../../../src/mariadb/option-files.ts'
import { OWNED, ownedFaults, ownNotifyCommand } from '../../../src/mariadb/owned-options.ts'

const CONFIG = '/g/conf/my.cnf'
const OURS: Readonly<Record<string, string>> = {
  port: '3306', bind_address: '10.0.0.1', socket: '/g/run/mariadbd.sock', pid_file: '/g/run/mariadbd.pid', datadir: '/g/data', basedir: '/g/basedir', wsrep_on: 'ON',
  wsrep_provider: '/usr/lib/galera/libgalera_smm.so', wsrep_provider_options: 'gcache.size=128M', wsrep_cluster_name: 'shop', wsrep_cluster_address: 'gcomm://10.0.0.2', wsrep_node_name: 'n1',
  wsrep_node_address: '10.0.0.1:4567', wsrep_node_incoming_address: '10.0.0.1:3306', wsrep_sst_method: 'mariabackup', wsrep_sst_receive_address: '10.0.0.1:4444', binlog_format: 'ROW',
  innodb_autoinc_lock_mode: '2', wsrep_notify_cmd: '/g/hooks/notify',
}
const line = (name: string, value: string | null, file: string, at = 1): SetOption => ({ name, value, file, line: at, loose: false })
const own = Object.entries(OURS).map(([name, value], at) => line(name, value, name === 'wsrep_cluster_address' ? '/g/conf/cluster.cnf' : CONFIG, at))
const faults = (name: string, value: string | null, effective: ReadonlyMap<string, string> = new Map()) => ownedFaults([...own, line(name, value, '/g/conf/conf.d/a.cnf', 4)], CONFIG, effective).map(({ fault }) => fault)

test('what galeractl sets itself is no fault', () => {
  expect(ownedFaults(own, CONFIG, new Map())).toEqual([])
})

test.each(OWNED.map(({ name }) => name))('%s of conf.d is refused with file, line, value and the way out', (name) => {
  const value = { skip_networking: 'ON', wsrep_new_cluster: 'ON', wsrep_recover: 'ON', bootstrap: 'ON', wsrep_on: 'OFF', innodb: 'OFF', innodb_read_only: 'ON', plugin_wsrep_provider: 'ON' }[name] ?? '7'
  expect(faults(name, value)).toEqual([{ code: 'owned-option', message: expect.stringMatching(`^/g/conf/conf\\.d/a\\.cnf line 4 sets ${name} = ${value}; galeractl needs .+`) as string, hint: expect.stringMatching(/^Remove the line(\. To change it: galeractl setup --|: ).+/) as string }])
})

test.each([
  ['port', '3306'], ['port', '03306'], ['bind_address', '0.0.0.0'], ['bind_address', '*'], ['bind_address', '::'], ['bind_address', '127.0.0.1, 10.0.0.1'], ['datadir', '/g/data/'],
  ['wsrep_on', '1'], ['wsrep_on', 'true'], ['binlog_format', 'row'], ['innodb_autoinc_lock_mode', '2'], ['wsrep_cluster_name', 'shop'], ['skip_networking', 'OFF'], ['wsrep_forced_binlog_format', 'ROW'],
  ['innodb', 'FORCE'], ['wsrep_new_cluster', '0'], ['wsrep_data_home_dir', '/g/data'], ['max_connections', '7'], ['wsrep_sst_donor', 'n2'], ['wsrep_notify_cmd', '/usr/local/bin/tell'], ['log_error', '/var/log/x'],
])('%s = %s is the same, or the user\'s own', (name, value) => {
  expect(faults(name, value)).toEqual([])
})

test.each([['skip_wsrep_on', null, 'wsrep_on = OFF'], ['disable_wsrep_on', null, 'wsrep_on = OFF'], ['wsrep_cluster_n', 'x', 'wsrep_cluster_name = x'], ['skip_networking', null, 'skip_networking = ON'], ['skip_innodb', null, 'innodb = OFF'], ['wsrep_on', 'maybe', 'wsrep_on = maybe']])('%s = %s is found out', (name, value, said) => {
  expect(faults(name, value)).toMatchObject([{ message: expect.stringContaining(said) as string }])
})

test('the last line counts, as mariadbd understands it', () => {
  const twice = [...own, line('port', '7', '/g/conf/conf.d/a.cnf', 2), line('port', '3306', '/g/conf/conf.d/b.cnf', 2)]
  expect(ownedFaults(twice, CONFIG, new Map())).toEqual([])
  expect(faults('innodb_autoinc_lock_mode', '7', new Map([['innodb_autoinc_lock_mode', '2']]))).toEqual([])
})

test('all faults at once, and the way out names the setting with the value', () => {
  const both = [...own, line('port', '3307', '/g/conf/conf.d/a.cnf', 2), line('wsrep_provider_options', 'gcache.size=1G', '/g/conf/conf.d/b.cnf', 3)]
  expect(ownedFaults(both, CONFIG, new Map()).map(({ fault }) => fault.hint)).toEqual(['Remove the line. To change it: galeractl setup --sql-port 3307', "Remove the line. To change it: galeractl setup --provider-options 'gcache.size=1G', which adds to galeractl's own"])
})

test.each([
  [[], null],
  [[['wsrep_notify_cmd', '/usr/local/bin/tell --all']], { command: '/usr/local/bin/tell --all', ours: '/g/hooks/notify' }],
  [[['wsrep_notify_cmd', '/g/hooks/notify']], null],
  [[['wsrep_notify_cmd', null]], { command: '', ours: '/g/hooks/notify' }],
] as const)('a notify command of conf.d: %j', (lines, expected) => {
  expect(ownNotifyCommand([...own, ...lines.map(([name, value]) => line(name, value, '/g/conf/conf.d/a.cnf'))], CONFIG)).toEqual(expected)
})
