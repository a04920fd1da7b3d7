import type { LookupAddress } from 'node:dns'
import { expect, test } from 'vitest'
import { askPeers } from '../../../src/peers/ask.ts'
import { HostNames } from '../../../src/peers/host-names.ts'
import { down, position } from '../galera/nodes.ts'
import { agentPeer, SIGNER } from './tiny-peer.ts'

const HANGS = new Promise<never>(() => undefined)
const HERE: readonly LookupAddress[] = [{ address: '127.0.42.1', family: 4 }]
const notFound = () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }))
const tryLater = () => Promise.reject(Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' }))

const find = (names: HostNames, name: string) => new Promise((resolve, reject) => names.lookup(name, { all: true }, (error, found) => (error === null ? resolve(found) : reject(error))))

test('a peer whose name hangs delays no other', async () => {
  const report = down('n2', position(5))
  await using peer = await agentPeer(report, 'galera')
  const names = new HostNames((name) => (name === 'hangs' ? HANGS : Promise.resolve(HERE)))
  // As often as an agent asks that waits for it.
  const rounds = await Promise.all(Array.from({ length: 8 }, () => askPeers([{ ...peer.endpoint, name: 'n3', host: 'hangs' }, { ...peer.endpoint, host: 'quick' }], { key: SIGNER, clusterName: 'galera', timeout: 500, names })))
  for (const [hanging, quick] of rounds) {
    expect(hanging).toEqual({ kind: 'silent', name: 'n3', reason: 'timeout', serving: false })
    expect(quick).toEqual(report)
  }
})

test('one lookup for each host at a time, two in all, and one where they hang', async () => {
  let running = 0
  let most = 0
  const ends: (() => void)[] = []
  const names = new HostNames(async () => {
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => ends.push(resolve))
    running--
    return HERE
  })
  const all = Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map((name) => find(names, name)))
  for (let ended = 0; ended < 3; ended++) {
    await expect.poll(() => ends.length).toBeGreaterThan(0)
    ends.shift()?.()
  }
  expect(await all).toHaveLength(6)
  expect(most).toBe(2)
})

test('a host that was found keeps its address while a newer answer does not come, and loses it where there is no such host', async () => {
  let answer: () => Promise<readonly LookupAddress[]> = () => Promise.resolve(HERE)
  const names = new HostNames(() => answer(), 0)
  expect(await find(names, 'n2')).toEqual(HERE)
  answer = tryLater
  expect(await find(names, 'n2')).toEqual(HERE)
  answer = notFound
  await expect(find(names, 'n2')).rejects.toMatchObject({ code: 'ENOTFOUND' })
  answer = () => Promise.resolve(HERE)
  expect(await find(names, 'n2')).toEqual(HERE)
  answer = () => HANGS
  expect(await find(names, 'n2')).toEqual(HERE)
  expect(names.known('n2')).toEqual(['127.0.42.1'])
})

test('names of /etc/hosts are found', async () => {
  expect(await find(new HostNames(), 'localhost')).toContainEqual({ address: '127.0.0.1', family: 4 })
})

test('what is known is not asked for again at once', async () => {
  let asked = 0
  const names = new HostNames(async () => {
    asked++
    return HERE
  })
  for (let round = 0; round < 5; round++) await find(names, 'n2')
  expect(asked).toBe(1)
})
