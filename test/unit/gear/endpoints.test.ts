import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/resolve.ts'
import { parseEndpoint } from '../../../src/galera/endpoint.ts'
import { connectionInfo, endpointsIn, publishedEndpoint } from '../../../src/gear/endpoints.ts'

const config = { own: parseEndpoint('n1/fd00::1/35501'), secret: 'x'.repeat(20), app: { user: 'app', password: 'p@ss/w:rd %', database: 'app' } } as Config

test('what one gear publishes the others read', () => {
  expect(endpointsIn(`'gear1'='${publishedEndpoint(config)}\n'`)).toEqual([config.own])
})

test('the seed cartridge\'s form is read, named by the gear', () => {
  expect(endpointsIn("'b'='OPENSHIFT_MARIADB_NODE=b.test:1:2:3' 'a'='noise\nGALERACTL_NODE=n1/h1\n'").map((peer) => [peer.name, peer.host, peer.groupPort])).toEqual([['n1', 'h1', 4567], ['b', 'b.test', 2]])
})

test.each(["'g1'=''", "'g1'='OTHER=x'", "'g1'='GALERACTL_NODE=$(id)'"])('%s is refused whole', (payload) => {
  expect(() => endpointsIn(`'g0'='GALERACTL_NODE=n0/h0' ${payload}`)).toThrow()
})

test('the URL for applications is percent-encoded, its IPv6 host in brackets', () => {
  const url = new URL(connectionInfo(config).url)
  expect([decodeURIComponent(url.password), url.hostname, url.port]).toEqual(['p@ss/w:rd %', '[fd00::1]', '35501'])
})
