import { expect, test } from 'vitest'
import type { TestCluster, TestNode } from '../support/cluster.ts'
import { asRoot, emptied, makePair } from '../support/transfer.ts'

/** What docs/troubleshooting.md says of users and leftovers, on 127.0.223.x. */
const errors = async (cluster: TestCluster, node: TestNode) => (JSON.parse((await cluster.run(node, 'check', '--json')).stdout) as { findings: { level: string; what: string; mend: string }[] }).findings.filter(({ level, what }) => level === 'error' && !what.includes('votes'))
const mend = async (cluster: TestCluster, node: TestNode) => asRoot(node, (await cluster.must(node, 'sst-account')).stdout)

test('a method that is chosen later, a user that is missing, a schema of check that is left over: each is named, and what the page says helps', async () => {
  await using two = await makePair(223, 'mariabackup')
  const { cluster, donor: n1, joiner: n2 } = two
  for (const node of cluster.nodes) {
    expect((await cluster.must(node, 'setup', '--sst-method', 'mysqldump')).stderr).toContain('sst-account | mariadb')
    await cluster.must(node, 'reload')
  }
  expect((await errors(cluster, n1)).map(({ what }) => what)).toEqual([expect.stringMatching(/galeractl_sst cannot log in on n1 .*cannot rejoin/), expect.stringContaining('galeractl_sst cannot log in on n2')])
  await mend(cluster, n1)
  expect(await errors(cluster, n2)).toEqual([])
  for (const node of cluster.nodes) await cluster.must(node, 'restart')
  asRoot(n1, 'CREATE TABLE app.t (id INT PRIMARY KEY)')
  await cluster.must(n2, 'setup', '--sst-method', 'mysqldump')
  await emptied(cluster, n2)
  await cluster.must(n2, 'setup', '--sst-method', 'mysqldump')
  await cluster.must(n2, 'start')
  expect(asRoot(n2, 'SHOW TABLES FROM app')).toBe('t\n')

  asRoot(n1, "DROP USER galeractl_backup@localhost; SET PASSWORD FOR galeractl_sst@'%' = PASSWORD('another'); CREATE DATABASE galeractl_check; CREATE TABLE galeractl_check.check_0123456789ab (token CHAR(32) PRIMARY KEY)")
  expect((await errors(cluster, n2)).map(({ what }) => /^(\w+) cannot log in on (\w+)/.exec(what)?.slice(1).join(' '))).toEqual(['galeractl_backup n2', 'galeractl_sst n2', 'galeractl_backup n1', 'galeractl_sst n1'])
  expect(asRoot(n1, "SHOW DATABASES LIKE 'galeractl_check'")).toBe('')
  await mend(cluster, n2)
  expect(await errors(cluster, n1)).toEqual([])
  await cluster.must(n2, 'snapshot', 'create')

  asRoot(n1, 'DROP USER galeractl@localhost')
  await mend(cluster, n1)
  await expect.poll(() => errors(cluster, n1), { timeout: 30_000 }).toEqual([])
})
