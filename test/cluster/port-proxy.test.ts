import { expect, test } from 'vitest'
import { testGear } from '../support/gear.ts'
import { makePortProxy } from '../support/port-proxy.ts'

const PORTS = [3306, 4567, 4570]

/** The scripts of the other methods try again where a port is closed, which behind this proxy it never is. */
const METHOD = ['--sst-method', 'mysqldump']

test('a node behind a port proxy whose public IST port is another than its own takes state, whole and incremental', async () => {
  await using first = testGear('127.0.181.1', 'n1')
  await using second = testGear('127.0.181.2', 'n2')
  await using proxies = new AsyncDisposableStack()
  for (const port of PORTS) proxies.use(await makePortProxy({ host: '127.0.181.2', port }, { host: '127.0.182.2', port }))
  const ist = proxies.use(await makePortProxy({ host: '127.0.181.2', port: 4999 }, { host: '127.0.182.2', port: 4568 }))
  const common = [...METHOD, '--peers', 'n1/127.0.181.1,n2/127.0.181.2/3306/4567/4999/4444/4570']
  expect(await first.setup(...common)).toMatchObject({ exitCode: 0 })
  expect(await second.setup(...common, '--bind-address', '127.0.182.2', '--public-ist-port', '4999')).toMatchObject({ exitCode: 0 })
  const [a, b] = await Promise.all([first.run('start', '--timeout', '60'), second.run('start', '--timeout', '60')])
  expect([a.exitCode, b.exitCode, b.stderr]).toMatchObject([0, 0, expect.anything()])
  const whole = ist.count()
  expect(await second.run('stop')).toMatchObject({ exitCode: 0 })
  // A check writes.
  await first.run('check')
  expect(await second.run('start', '--timeout', '60')).toMatchObject({ exitCode: 0 })
  expect(whole).toBeGreaterThan(0)
  expect(ist.count()).toBeGreaterThan(whole)
  expect(JSON.parse((await second.run('status', '--json')).stdout)).toMatchObject({ clusterSize: 2, synced: true })
})
