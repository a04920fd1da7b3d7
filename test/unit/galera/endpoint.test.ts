import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_PORTS, formatEndpoint, hostPort, isHost, parseEndpoint, peerLabel } from '../../../src/galera/endpoint.ts'
import { endpoints } from './nodes.ts'

describe('reading', () => {
  test.each([
    ['n1/10.0.0.1', { name: 'n1', host: '10.0.0.1' }],
    ['n1=10.0.0.1', { name: 'n1', host: '10.0.0.1' }],
    ['10.0.0.1', { name: null, host: '10.0.0.1' }],
    ['fd00::1', { name: null, host: 'fd00::1' }],
    ['n1/[fd00::1]/3307', { name: 'n1', host: 'fd00::1', sqlPort: 3307 }],
    ['n1/fe80::1%eth0', { name: 'n1', host: 'fe80::1%eth0' }],
    ['n1/db.example.org/3307/4600', { name: 'n1', host: 'db.example.org', sqlPort: 3307, groupPort: 4600 }],
    ['n1/h/1/2/3/4/5', { name: 'n1', host: 'h', sqlPort: 1, groupPort: 2, istPort: 3, sstPort: 4, agentPort: 5 }],
    ['n1/h//4600', { name: 'n1', host: 'h', groupPort: 4600 }],
    ['db-app.example.org:35501:35502:35503', { name: null, host: 'db-app.example.org', sqlPort: 35_501, groupPort: 35_502, sstPort: 35_503 }],
  ])('%s', (text, expected) => {
    expect(parseEndpoint(text)).toEqual({ ...DEFAULT_PORTS, ...expected })
  })

  test.each(['', '/', 'n1/', 'n1/h/0', 'n1/h/65536', 'n1/h/x', 'n1/h/1/2/3/4/5/6', 'n 1/h', 'n1/$(id)', 'n1/h;id', '`id`', '"h"', "'h'", 'n1/256.1.1.1', 'n1/1.2.3', '-h', 'h..x', 'h:0:1:2', `n1/${'h'.repeat(254)}`, `${'n'.repeat(65)}/h`])('%j is refused', (text) => {
    expect(() => parseEndpoint(text)).toThrow('bad peer')
  })
})

test('any endpoint survives being written and read', () => {
  fc.assert(fc.property(endpoints, (endpoint) => {
    fc.pre(isHost(endpoint.host))
    expect(parseEndpoint(formatEndpoint(endpoint))).toEqual(endpoint)
  }))
})

test('a nameless endpoint keeps the ports of the seed cartridge\'s form', () => {
  const text = 'db.example.org:35501:35502:35503'
  expect(parseEndpoint(formatEndpoint(parseEndpoint(text)))).toEqual(parseEndpoint(text))
  expect(formatEndpoint(parseEndpoint('db.example.org'))).toBe('db.example.org')
})

test('an IPv6 address has brackets before a port only', () => {
  expect(hostPort('fd00::1', 4567)).toBe('[fd00::1]:4567')
  expect(hostPort('10.0.0.1', 4567)).toBe('10.0.0.1:4567')
})

test('people call a peer by its name, else by its address', () => {
  expect(peerLabel(parseEndpoint('n1/h'))).toBe('n1')
  expect(peerLabel(parseEndpoint('fd00::1'))).toBe('[fd00::1]:4567')
})
