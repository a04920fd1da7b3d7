import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Authority, clusterAuthority, issue } from '../../src/tls/authority.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'

const METHODS = ['mariabackup', 'rsync', 'mysqldump'] as const

/** What the joiner's or the donor's log says where its way is the private one. */
const PRIVATE = { mariabackup: "Using openssl based encryption with socat", rsync: "ssl-mode='VERIFY_IDENTITY'", mysqldump: 'state transfer done' }

/** What the donor's log says where the joiner shows the certificate of another host. */
const REFUSED = { mariabackup: 'certificate is valid but its commonName does not match', rsync: 'Subject checks failed', mysqldump: "does not match certificate's altnames" }

const logOf = (node: TestNode) => readFileSync(join(node.gear, 'log/mariadbd.log'), 'utf8')
const asRoot = (node: TestNode, sql: string) => execFileSync('mariadb', ['-uroot', '-NB', '-S', join(node.gear, 'run/mariadbd.sock'), '-e', sql, 'app'], { encoding: 'utf8' })

type TlsCluster = TestCluster & { readonly all: readonly [TestNode, TestNode, TestNode] }

async function tlsCluster(method: string): Promise<TlsCluster> {
  const cluster = await makeCluster(48, 3, { setup: ['--sst-method', method, '--tls', 'on'] })
  return Object.assign(cluster, { all: cluster.nodes as [TestNode, TestNode, TestNode] })
}

async function empty(cluster: TestCluster, node: TestNode): Promise<void> {
  await cluster.must(node, 'stop')
  rmSync(join(node.gear, 'data'), { recursive: true })
}

test.each(METHODS)('three nodes with TLS: group and state transfers by %s are private, and the donor sends nothing to a joiner that shows the certificate of another host', async (method) => {
  await using cluster = await tlsCluster(method)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  const [first, second] = cluster.all
  asRoot(first, "CREATE TABLE app.t (id INT PRIMARY KEY, t TEXT); INSERT INTO app.t SELECT seq, REPEAT(MD5(seq), 20) FROM seq_1_to_5000")
  await empty(cluster, second)
  await cluster.must(second, 'start')
  expect(asRoot(second, 'CHECKSUM TABLE app.t EXTENDED')).toBe(asRoot(first, 'CHECKSUM TABLE app.t EXTENDED'))
  expect(asRoot(first, "SHOW VARIABLES LIKE 'wsrep_provider_options'")).toContain('socket.ssl = YES')
  expect(logOf(first)).toContain(PRIVATE[method])
  // The password alone opens nothing from outside.
  if (method === 'mysqldump') expect(asRoot(first, "SHOW GRANTS FOR 'galeractl_sst'@'%'")).toContain('REQUIRE X509')
  // A client that asks for it gets TLS, verified by the CA.
  const account = await cluster.account(first)
  const file = join(cluster.folder, 'client.cnf')
  writeFileSync(file, `[client]\nuser=${account.user}\npassword="${account.password}"\n`, { mode: 0o600 })
  expect(execFileSync('mariadb', [`--defaults-file=${file}`, '-h', first.address, '-NB', `--ssl-ca=${join(first.gear, 'tls/ca.pem')}`, '-e', "SHOW STATUS LIKE 'Ssl_version'"], { encoding: 'utf8' })).toContain('TLSv1.3')
  await expectForeignRefused(cluster, method)
})

/** The donor refuses a joiner with the certificate of another host; with its own again it comes. */
async function expectForeignRefused(cluster: TlsCluster, method: (typeof METHODS)[number]): Promise<void> {
  const [donor, joiner, other] = cluster.all
  await empty(cluster, joiner)
  writeFileSync(join(donor.gear, 'log/mariadbd.log'), '')
  cpSync(join(other.gear, 'tls'), join(joiner.gear, 'other'), { recursive: true })
  execFileSync('chown', ['-R', `--reference=${joiner.gear}`, join(joiner.gear, 'other')])
  const [cert, key] = [join(joiner.gear, 'other/cert.pem'), join(joiner.gear, 'other/key.pem')]
  const foreign = join(joiner.gear, 'conf/conf.d/foreign.cnf')
  writeFileSync(foreign, `[mariadbd]\nwsrep_sst_donor = n1\nssl_cert = ${cert}\nssl_key = ${key}\n[sst]\ntcert = ${cert}\ntkey = ${key}\n`)
  const refused = await cluster.run(joiner, 'start', '--timeout', '40')
  expect(refused.exitCode, refused.stderr).not.toBe(0)
  expect(logOf(donor)).toContain(REFUSED[method])
  rmSync(foreign)
  await cluster.run(joiner, 'stop')
  await cluster.must(joiner, 'start')
}

async function give(authority: Authority, node: TestNode, made: Date): Promise<void> {
  const { certificate, key } = await issue(authority, { host: node.address, name: node.name }, made)
  for (const [name, text] of Object.entries({ ca: authority.certificate.toString('pem'), cert: certificate, key })) writeFileSync(join(node.gear, name), text, { mode: 0o600 })
  for (const name of ['ca', 'cert', 'key']) execFileSync('chown', [`--reference=${node.gear}`, join(node.gear, name)])
}

/** The certificate that a node's server shows. */
const presented = (node: TestNode) => execFileSync('openssl', ['s_client', '-starttls', 'mysql', '-connect', `${node.address}:3306`], { input: '', encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] })

test('certificates of another CA: an expired one is told before the start, and with a new one the node comes', async () => {
  await using cluster = await makeCluster(48, 2, {})
  const authority = await clusterAuthority('not the secret of it', 'somebody')
  const [first, second] = cluster.nodes as [TestNode, TestNode]
  const now = new Date()
  const eleven = new Date(now)
  eleven.setFullYear(now.getFullYear() - 11)
  await give(authority, first, now)
  await give(authority, second, now)
  for (const node of [first, second]) await cluster.must(node, 'setup', '--tls', 'on', '--tls-ca', join(node.gear, 'ca'), '--tls-cert', join(node.gear, 'cert'), '--tls-key', join(node.gear, 'key'))
  await give(authority, second, eleven)
  const [one, two] = await Promise.all([cluster.run(first, 'start', '--timeout', '3'), cluster.run(second, 'start')])
  expect(two.exitCode).toBe(2)
  expect(two.stderr).toMatch(/has expired on \d{4}-/)
  expect(one.exitCode, one.stderr).toBe(4)
  await give(authority, second, now)
  await Promise.all([first, second].map((node) => cluster.must(node, 'start')))
  // A new one in its place is taken without a restart.
  const { pid, shown } = { pid: cluster.serverPid(second), shown: presented(second) }
  await give(authority, second, now)
  expect((await cluster.must(second, 'reload')).stdout).toContain('mariadbd has its certificate anew')
  expect(presented(second)).not.toBe(shown)
  expect(presented(second)).toContain(readFileSync(join(second.gear, 'cert'), 'utf8').trim())
  expect(cluster.serverPid(second)).toBe(pid)
  // Other paths are none that the running server knows of.
  await cluster.must(second, 'setup', '--tls-cert', `${second.gear}/./cert`)
  expect(await cluster.run(second, 'reload')).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('mariadbd was started with') })
  await cluster.must(second, 'setup', '--tls-cert', join(second.gear, 'cert'))
  await give(authority, second, eleven)
  expect(await cluster.run(second, 'reload')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('has expired on') })
  expect((await cluster.run(first, 'check')).stdout).toContain('the certificate of n2 has expired')
})
