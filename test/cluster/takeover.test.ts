import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { waitFor } from '../../src/system/wait.ts'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

test('a Synced server that was launched to re-form is taken over, not ended, where nobody gets a connection', async () => {
  await using cluster = await makeCluster(198, 2)
  await using held = new AsyncDisposableStack()
  const [busy] = cluster.nodes as [TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  cluster.kill(cluster.nodes)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  const record = join(busy.gear, 'run/server.json')
  await waitFor('what it was launched for is cleared', async () => (readFileSync(record, 'utf8').includes('"launch":null') ? true : undefined), { timeout: 10_000 })
  const pid = cluster.serverPid(busy)
  const { user, password } = await cluster.account(busy)

  cluster.kill([busy], 'agent')
  // As an agent of the version before left it.
  writeFileSync(record, readFileSync(record, 'utf8').replace('"launch":null', '"launch":"reform"'))
  asRoot(busy, 'SET GLOBAL max_connections = 10')
  await waitFor('users are refused', async () => {
    try {
      const connection = await createConnection({ host: busy.address, port: 3306, user, password })
      held.defer(() => connection.destroy())
      return undefined
    } catch (error) {
      return (error as { errno?: number }).errno === 1040 ? true : undefined
    }
  }, { timeout: 20_000, interval: 1 })
  // The one more that an administrator has.
  const root = spawn('mariadb', ['-uroot', '-n', '-S', join(busy.gear, 'run/mariadbd.sock'), '-e', 'SELECT 1; DO SLEEP(600)'], { stdio: ['ignore', 'pipe', 'ignore'] })
  held.defer(() => void root.kill('SIGKILL'))
  await once(root.stdout, 'data', { signal: AbortSignal.timeout(20_000) })

  await cluster.run(busy, 'start', '--timeout', '10')
  expect(() => process.kill(pid, 0)).not.toThrow()
  await held.disposeAsync()
  await waitFor('it is watched again', async () => ((await cluster.run(busy, 'status')).exitCode === 0 ? true : undefined), { timeout: 60_000, interval: 200 })
  expect(cluster.serverPid(busy)).toBe(pid)
}, 180_000)
