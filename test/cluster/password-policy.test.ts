import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** 127.0.203.x. */
test('a plugin that refuses all passwords of galeractl is in nobody\'s way: setup, start, snapshots, their verification and restore', async () => {
  await using cluster = await makeCluster(203, 2)
  const [n1, n2] = cluster.nodes as [TestNode, TestNode]
  for (const node of cluster.nodes) writeFileSync(join(node.gear, 'conf/conf.d/policy.cnf'), '[mariadbd]\nstrict_password_validation = ON\nloose_simple_password_check_minimal_length = 100\nloose_simple_password_check_digits = 20\nloose_simple_password_check_other_characters = 20\n')
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  for (const node of cluster.nodes) asRoot(node, "SET SESSION wsrep_on = OFF; INSTALL SONAME 'simple_password_check'")
  expect(() => asRoot(n1, "CREATE USER judged@localhost IDENTIFIED BY 'aA1_aA1_aA1_aA1_aA1_aA1_'")).toThrow(/1819/)
  asRoot(n1, 'CREATE TABLE app.t (id INT PRIMARY KEY); INSERT INTO app.t VALUES (1)')
  await cluster.must(n1, 'snapshot', 'create', '--name', 'files')
  await cluster.must(n1, 'snapshot', 'create', '--name', 'rows', '--logical')
  for (const id of ['files', 'rows']) {
    expect((await cluster.must(n1, 'snapshot', 'verify', id, '--deep')).stdout).toContain('found nothing')
    await cluster.must(n1, 'restore', id, '--cluster', '--yes', 'test')
    expect(await cluster.sql(n2, async (connection) => (await connection.query('SELECT id FROM t'))[0])).toEqual([{ id: 1 }])
  }
  // The SQL for an operator is taken as well.
  asRoot(n1, (await cluster.must(n1, 'sst-account')).stdout)
})
