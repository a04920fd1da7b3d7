import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { changedScript, mysqldumpScript } from '../../../src/mariadb/sst-scripts.ts'

/** How often each text is in our copy of an installed script. */
const counts = (name: string, ...texts: readonly string[]) => {
  const copy = changedScript(name, readFileSync(`/usr/bin/${name}`, 'utf8'), '192.0.2.1') ?? ''
  return texts.map((text) => copy.split(text).length - 1)
}

test('the installed wsrep_sst_rsync takes every change', () => {
  expect(counts('wsrep_sst_rsync', "VERIFY_OPT='verifyPeer = yes'", "VERIFY_OPT='verifyChain = yes'", 'sleep 0.05\n', 'WSREP_SST_OPT_REMOTE_USER')).toEqual([0, 2, 2, 0])
})

test('the installed wsrep_sst_mariabackup takes every change', () => {
  expect(counts('wsrep_sst_mariabackup', 'sleep 10', ',retry=40,', ',bind=192.0.2.1', 'commonname=\'$(safe WSREP_SST_OPT_REMOTE_USER', "commonname='$(safe WSREP_SST_OPT_HOST_UNESCAPED")).toEqual([0, 2, 2, 0, 2])
})

test('a script that reads otherwise in one place, or that is not known, is left as it is', () => {
  const stock = readFileSync('/usr/bin/wsrep_sst_rsync', 'utf8')
  expect(changedScript('wsrep_sst_rsync', stock, '192.0.2.1')).not.toBeNull()
  expect(changedScript('wsrep_sst_rsync', stock.replace("VERIFY_OPT='verifyPeer", "VERIFY_OPT='other"), '192.0.2.1')).toBeNull()
  expect(changedScript('wsrep_sst_common', 'sleep 10\n', '192.0.2.1')).toBeNull()
})

test('words of our own command survive the shell', () => {
  expect(mysqldumpScript({ file: "/opt/it's here/galeractl", args: ['$(x)'] })).toContain(String.raw`exec '/opt/it'\''s here/galeractl' '$(x)' --gear`)
})
