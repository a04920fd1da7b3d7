import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { endProcess } from '../support/processes.ts'

/** Two real nodes on 127.0.154.x and, without TLS, a server of a stranger who knows only the cluster's name. */
let cluster: TestCluster
const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const NAME = 'x\u001b[2J\nn1: OK,e'
const SHOWN = 'x\\u{1b}[2J\\u{a}n1: OK,e'

beforeAll(async () => {
  cluster = await makeCluster(154, 2)
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
})
afterAll(() => cluster[Symbol.asyncDispose]())

function startStranger(): number {
  const data = join(cluster.folder, 'stranger')
  mkdirSync(data)
  execFileSync('chown', ['mysql:', data])
  execFileSync('mariadb-install-db', ['--no-defaults', '--user=mysql', `--datadir=${data}`, '--skip-test-db'], { stdio: 'ignore' })
  const provider = /^wsrep_provider\s*=\s*"?([^"\s]+)/m.exec(readFileSync(join(node(0).gear, 'conf/my.cnf'), 'utf8'))?.[1] ?? ''
  const address = '127.0.154.9'
  const options = ['--wsrep-on=ON', `--wsrep-provider=${provider}`, '--wsrep-cluster-name=test', `--wsrep-cluster-address=gcomm://${node(0).address}`, `--wsrep-node-name=${NAME}`, `--wsrep-node-address=${address}`, `--wsrep-provider-options=gmcast.listen_addr=tcp://${address}:4567`, '--wsrep-sst-method=rsync', '--binlog-format=ROW']
  const server = spawn('mariadbd', ['--no-defaults', '--user=mysql', `--datadir=${data}`, `--bind-address=${address}`, `--socket=${data}/sock`, `--pid-file=${data}/pid`, `--log-error=${data}/log`, ...options], { stdio: 'ignore' })
  onTestFinished(() => endProcess(server.pid ?? 0))
  return server.pid ?? 0
}

test('its name is shown whole and moves nothing, and whoever gives it up by that name goes on', async () => {
  const stranger = startStranger()
  for (const at of [0, 1]) await expect.poll(() => cluster.viewSize(node(at)), { timeout: 60_000 }).toBe(3)
  endProcess(stranger)
  cluster.kill(cluster.nodes)
  const [first] = await Promise.all(cluster.nodes.map((one) => cluster.run(one, 'start', '--timeout', '5')))
  expect(first).toMatchObject({ exitCode: 4, stderr: expect.stringContaining(SHOWN) })
  const unnamed = await cluster.run(node(0), 'bootstrap', '--force', '--reason', 'a stranger')
  expect(unnamed).toMatchObject({ exitCode: 3, stderr: expect.stringContaining(`--yes-lose '${SHOWN}'`) })
  const explained = await cluster.run(node(0), 'explain')
  for (const { stdout, stderr } of [first as typeof unnamed, unnamed, explained]) for (const raw of ['\u001b', '\nn1: OK']) expect(stdout + stderr).not.toContain(raw)
  expect(await cluster.run(node(0), 'bootstrap', '--force', '--reason', 'a stranger', '--yes-lose', SHOWN)).toMatchObject({ exitCode: 0 })
  await cluster.must(node(1), 'start')
})
