import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatClusterAddress } from '../../../src/galera/cluster-address.ts'
import { isHost, parseEndpoint } from '../../../src/galera/endpoint.ts'
import { formatPeerList, MAX_LIST_BYTES, othersOf, parsePeerList } from '../../../src/galera/peer-list.ts'
import { endpoints } from './nodes.ts'

test('commas, blanks and newlines separate, the order stays', () => {
  expect(parsePeerList(' n2/h2,n1/h1\n\tn3/h3,, ').map((peer) => peer.name)).toEqual(['n2', 'n1', 'n3'])
})

test('an empty list has no peers', () => {
  expect(parsePeerList(' \n, ')).toEqual([])
})

test('any list survives being written and read', () => {
  const lists = fc.uniqueArray(endpoints.filter((peer) => isHost(peer.host)), { selector: (peer) => `${peer.name}`, maxLength: 9 }).map((peers) => peers.map((peer, at) => ({ ...peer, groupPort: 5000 + at })))
  fc.assert(fc.property(lists, (peers) => {
    expect(parsePeerList(formatPeerList(peers))).toEqual(peers)
  }))
})

test.each(['n1/h1,n1/h2', 'n1/h1,n2/h1', 'h1,h1', 'n1/h1,h1'])('%s lists a node twice', (text) => {
  expect(() => parsePeerList(text)).toThrow('listed twice')
})

test('two nodes of one host differ by their group port', () => {
  expect(parsePeerList('n1/h1/3306/4567,n2/h1/3307/4577')).toHaveLength(2)
})

test('100 kB are no peer list', () => {
  expect(() => parsePeerList('n1/h1,'.repeat(17_000))).toThrow(`at most ${MAX_LIST_BYTES}`)
})

test.each(["'n1/h1'", '"n1/h1"', 'n1/$(id)', 'n1/`id`', 'n1/h1;id', 'n1/h1&', 'n1/h1|x', 'n1\\/h1', 'n1/h1\0'])('%j is refused: quotes and shell marks are no part of a list', (text) => {
  expect(() => parsePeerList(text)).toThrow('bad peer')
})

test('a node is not its own peer, known by name or by address', () => {
  const own = parseEndpoint('n1/h1')
  expect(othersOf(parsePeerList('n1/moved,n2/h2'), own).map((peer) => peer.name)).toEqual(['n2'])
  expect(othersOf(parsePeerList('h1,h2'), own).map((peer) => peer.host)).toEqual(['h2'])
})

test('the cluster address is written for gcomm', () => {
  expect(formatClusterAddress(parsePeerList('n1/h1,n2/fd00::2'))).toBe('gcomm://h1:4567,[fd00::2]:4567')
  expect(formatClusterAddress([])).toBe('gcomm://')
})
