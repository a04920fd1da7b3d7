import { expect, test } from 'vitest'
import { binlogFault, BINLOG_VARIABLES, ownDomain, renderBinlogConfig } from '../../../src/mariadb/binlog-config.ts'

const SOUND = { log_bin: 'ON', log_slave_updates: 'ON', sync_binlog: '1', wsrep_gtid_mode: 'ON', wsrep_gtid_domain_id: '0', log_bin_basename: '/gear/data/binlog' }

test('without an archive nothing is set', () => {
  expect(renderBinlogConfig({ archive: null, name: 'n1' })).toMatch(/^#[^\n]*\n$/)
})

test('with one, GTIDs of the cluster are of one domain, and those of a node\'s own sessions of another', () => {
  const [one, other] = ['n1', 'n2'].map((name) => renderBinlogConfig({ archive: '/archive', name }))
  expect(one?.replace(/^gtid_domain_id.*/m, '')).toBe(other?.replace(/^gtid_domain_id.*/m, ''))
  expect(one).toContain('wsrep_gtid_domain_id = 0\n')
  expect(one).not.toMatch(/^server_id/m)
  const domains = ['n1', 'n2', 'n3', 'a', 'b'].map(ownDomain)
  expect(new Set(domains).size).toBe(5)
  for (const domain of domains) expect(domain > 0 && domain < 2 ** 32).toBe(true)
})

test.each([
  [{}, null],
  [{ log_bin: 'OFF', log_bin_basename: '' }, 'log_bin = OFF'],
  [{ wsrep_gtid_mode: 'OFF', wsrep_gtid_domain_id: '7' }, 'wsrep_gtid_mode = OFF, wsrep_gtid_domain_id = 7'],
  [{ log_bin_basename: '/var/log/mysql/bin' }, 'log_bin_basename = /var/log/mysql/bin'],
])('a server that runs with %o is told: %s', (values, fault) => {
  expect(binlogFault(new Map(Object.entries({ ...SOUND, ...values })), '/gear/data')).toBe(fault)
  expect(BINLOG_VARIABLES.toSorted()).toEqual(Object.keys(SOUND).toSorted())
})
