import { expect, test } from 'vitest'
import { neededBytes, requireScope, requireSeries, requireSpace, type Scope, type Surroundings } from '../../../src/recovery/restore-checks.ts'
import { down, live, position, silent } from '../galera/nodes.ts'
import { head } from '../snapshot/samples.ts'

const refusal = (surroundings: Partial<Surroundings>, scope: Partial<Scope> = {}): string | null => {
  try {
    requireScope({ running: false, peers: [], ...surroundings }, { cluster: false, without: [], ...scope })
    return null
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('a stopped gear is restored where its peers are stopped and answer: they hear of it', () => {
  expect(refusal({ peers: [down('n2', position(5)), down('n3', position(5))] })).toBeNull()
})

test('a running gear or cluster is replaced only where that is said', () => {
  expect(refusal({ running: true })).toBe('still-running')
  expect(refusal({ peers: [live('n2', 'primary'), down('n3', position(5))] })).toBe('cluster-runs')
  expect(refusal({ peers: [live('n2', 'non-primary')] })).toBe('cluster-runs')
  expect(refusal({ running: true, peers: [live('n2', 'primary')] }, { cluster: true })).toBeNull()
})

test('who is silent may run cut off, so it must be given up by name', () => {
  expect(refusal({ peers: [silent('n2')] })).toBe('peer-silent')
  expect(refusal({ peers: [silent('n2')] }, { cluster: true })).toBe('peer-silent')
  expect(refusal({ peers: [silent('n2'), silent('n3')] }, { without: ['n2'] })).toBe('peer-silent')
  expect(refusal({ peers: [silent('n2'), silent('n3')] }, { without: ['n2', 'n3'] })).toBeNull()
  expect(refusal({ peers: [silent('n2'), silent('n3')] }, { without: ['all'] })).toBeNull()
})

test('nobody is given up whose server is seen to listen, by "all" or by name', () => {
  expect(refusal({ peers: [silent('n2', { serving: true })] }, { without: ['all'] })).toBe('peer-silent')
  expect(refusal({ peers: [silent('n2', { serving: true })] }, { without: ['n2'] })).toBe('still-serves')
})

test('files fit the same series only; statements also a newer one', () => {
  const fits = (kind: 'physical' | 'logical', from: string, series: string) => {
    try {
      requireSeries(head('s1', { kind, mariadb: from }), series)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'other-series' })
      return false
    }
  }
  expect(fits('physical', '10.11.19', '10.11')).toBe(true)
  expect(fits('physical', '10.11.19', '11.8')).toBe(false)
  expect(fits('logical', '10.11.19', '11.8')).toBe(true)
  expect(fits('logical', '11.8.2', '10.11')).toBe(false)
  expect(fits('logical', '10.6.2', '10.11')).toBe(true)
})

test('too little room is told with both numbers, before anything is touched', () => {
  const large = head('s1', { dataBytes: 10_000_000_000 })
  expect(() => requireSpace(large, neededBytes(large) - 1, '/srv/g')).toThrow(expect.objectContaining({ code: 'no-space', message: expect.stringMatching(/needs 10\.8 GB in \/srv\/g, 10\.8 GB are free/) }))
  expect(() => requireSpace(large, neededBytes(large), '/srv/g')).not.toThrow()
})
