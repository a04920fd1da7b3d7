import { expect, test } from 'vitest'
import { testGear } from '../support/gear.ts'

const portsOf = (first: number) => ['--sql-port', '--group-port', '--ist-port', '--sst-port', '--agent-port'].flatMap((flag, at) => [flag, String(first + at)])
const endpoint = (name: string, host: string, first: number) => `${name}/${host}/${[0, 1, 2, 3, 4].map((at) => first + at).join('/')}`

test.each([
  ['IPv6 addresses', '::1', ['--bind-address', '::1']],
  ['IPv6 addresses with TLS', '::1', ['--bind-address', '::1', '--tls', 'on']],
  ['host names', 'localhost', ['--bind-address', '127.0.0.1']],
])('%s: two gears on one address with ports of their own become one cluster, one by state transfer', async (_what, host, bind) => {
  await using first = testGear(host, 'n1')
  await using second = testGear(host, 'n2')
  const peers = ['--peers', `${endpoint('n1', host, 13_306)},${endpoint('n2', host, 23_306)}`]
  expect(await first.setup(...portsOf(13_306), ...bind, ...peers)).toMatchObject({ exitCode: 0 })
  expect(await second.setup(...portsOf(23_306), ...bind, ...peers)).toMatchObject({ exitCode: 0 })
  const [a, b] = await Promise.all([first.run('start', '--timeout', '90'), second.run('start', '--timeout', '90')])
  expect([a.exitCode, b.exitCode, a.stderr, b.stderr]).toMatchObject([0, 0, expect.anything(), expect.anything()])
  const status = JSON.parse((await second.run('status', '--json')).stdout) as { clusterSize: number; synced: boolean }
  expect(status).toMatchObject({ clusterSize: 2, synced: true })
})
