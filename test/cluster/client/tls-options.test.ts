import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clusterAuthority, issue } from '../../../src/tls/authority.ts'
import { makeCluster, type TestCluster, type TestNode } from '../../support/cluster.ts'

/** What mysql2's options of TLS check, as docs/client.md tells it: a real server on 127.0.236.1 that shows one certificate after the other. */
let cluster: TestCluster
let ca: string
let account: { user: string; password: string; database: string }
const node = (): TestNode => cluster.nodes[0] as TestNode

beforeAll(async () => {
  cluster = await makeCluster(236, 1)
  ca = (await clusterAuthority('a secret that is long enough', 'test')).certificate.toString('pem')
  await show('db.example')
  await cluster.must(node(), 'start')
  account = await cluster.account(node())
})
afterAll(() => cluster[Symbol.asyncDispose]())

/** The server's certificate is for this host. */
async function show(host: string): Promise<void> {
  const { certificate, key } = await issue(await clusterAuthority('a secret that is long enough', 'test'), { host, name: 'n1' }, new Date())
  const files = { 'ca.pem': ca, 'cert.pem': certificate, 'key.pem': key }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(node().gear, name), text)
  execFileSync('chown', [`--reference=${node().gear}`, ...Object.keys(files).map((name) => join(node().gear, name))])
  writeFileSync(join(node().gear, 'conf/conf.d/tls.cnf'), `[mariadbd]\nssl_ca = ${node().gear}/ca.pem\nssl_cert = ${node().gear}/cert.pem\nssl_key = ${node().gear}/key.pem\n`)
}

const reload = () => execFileSync('mariadb', ['-uroot', `--socket=${node().gear}/run/mariadbd.sock`, '-e', 'FLUSH SSL'])

/** @returns the cipher, `plain`, or the code of the error. A `host` that is a name is led to the server. */
async function tried(host: string, ssl: object | undefined): Promise<string> {
  try {
    const connection = await createConnection({ ...account, host, ...(ssl === undefined ? {} : { ssl }), stream: () => connect(3306, node().address) } as Parameters<typeof createConnection>[0])
    const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'")
    await connection.end()
    return (rows as { Value: string }[])[0]?.Value === '' ? 'plain' : 'encrypted'
  } catch (error) {
    return (error as { code?: string; message: string }).code ?? (error as Error).message
  }
}

test('what is checked of a certificate for db.example', async () => {
  const ip = node().address
  const got = {
    'no ssl': await tried(ip, undefined),
    '{}': await tried(ip, {}),
    '{ rejectUnauthorized: false }': await tried(ip, { rejectUnauthorized: false }),
    '{ rejectUnauthorized: false, verifyIdentity: true }, another name': await tried('other.example', { rejectUnauthorized: false, verifyIdentity: true }),
    '{ ca }, an IP': await tried(ip, { ca }),
    '{ ca }, another name': await tried('other.example', { ca }),
    '{ ca, servername: other.example }': await tried('db.example', { ca, servername: 'other.example' }),
    '{ ca, verifyIdentity }, the name': await tried('db.example', { ca, verifyIdentity: true }),
    '{ ca, verifyIdentity }, another name': await tried('other.example', { ca, verifyIdentity: true }),
    '{ ca, verifyIdentity }, an IP': await tried(ip, { ca, verifyIdentity: true }),
    '{ ca, verifyIdentity, servername: db.example }, an IP': await tried(ip, { ca, verifyIdentity: true, servername: 'db.example' }),
  }
  expect(got).toEqual({
    'no ssl': 'plain',
    '{}': 'HANDSHAKE_SSL_ERROR',
    '{ rejectUnauthorized: false }': 'encrypted',
    '{ rejectUnauthorized: false, verifyIdentity: true }, another name': 'encrypted',
    '{ ca }, an IP': 'encrypted',
    '{ ca }, another name': 'encrypted',
    '{ ca, servername: other.example }': 'encrypted',
    '{ ca, verifyIdentity }, the name': 'encrypted',
    '{ ca, verifyIdentity }, another name': 'HANDSHAKE_SSL_ERROR',
    '{ ca, verifyIdentity }, an IP': 'HANDSHAKE_SSL_ERROR',
    '{ ca, verifyIdentity, servername: db.example }, an IP': 'HANDSHAKE_SSL_ERROR',
  })
})

test('with an IP, verifyIdentity wants a certificate for "localhost", not one for the IP', async () => {
  await show(node().address)
  reload()
  expect(await tried(node().address, { ca, verifyIdentity: true })).toBe('HANDSHAKE_SSL_ERROR')
  await show('localhost')
  reload()
  expect(await tried(node().address, { ca, verifyIdentity: true })).toBe('encrypted')
})
