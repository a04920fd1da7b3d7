import { chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** Two clusters of the same name, on 127.0.224.x and 127.0.225.x, with one folder of snapshots. */
test('latest and prune mean the own cluster, also where another one of that name has a newer snapshot in the folder', async () => {
  await using ours = await makeCluster(224, 1)
  await using theirs = await makeCluster(225, 1)
  const dir = join(ours.folder, 'shared')
  mkdirSync(dir)
  chmodSync(dir, 0o777)
  const [[our], [their]] = [ours.nodes as [TestNode], theirs.nodes as [TestNode]]
  for (const [cluster, node, id] of [[ours, our, 'ours'], [theirs, their, 'theirs']] as const) {
    await cluster.must(node, 'start')
    asRoot(node, `CREATE TABLE app.${id} (id INT PRIMARY KEY)`)
    await cluster.must(node, 'snapshot', 'create', '--to', dir, '--name', id)
  }
  asRoot(our, 'DROP TABLE app.ours')
  expect((await ours.must(our, 'snapshot', 'list', '--dir', dir)).stdout).toContain('The folder also holds 1 of another: theirs (cluster test, node n1)')
  await ours.must(our, 'snapshot', 'prune', '--dir', dir, '--keep-last', '1')
  await ours.must(our, 'restore', 'latest', '--dir', dir, '--cluster', '--yes', 'test')
  expect(asRoot(our, 'SHOW TABLES FROM app')).toBe('ours\n')
  // Of a history that the restore replaced, and its own all the same.
  expect((await ours.must(our, 'snapshot', 'show', 'latest', '--dir', dir)).stdout).toContain('snapshot     ours')
  expect(readdirSync(dir).toSorted()).toEqual(['ours', 'theirs'])
  // By its name, also another's.
  await ours.must(our, 'restore', 'theirs', '--dir', dir, '--cluster', '--yes', 'test')
  expect(asRoot(our, 'SHOW TABLES FROM app')).toBe('theirs\n')
})
