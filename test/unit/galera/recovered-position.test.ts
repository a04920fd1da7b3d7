import { expect, test } from 'vitest'
import { parseRecoveredGtid, parseRecoveredPosition } from '../../../src/galera/recovered-position.ts'
import { HISTORY, OTHER_HISTORY } from './nodes.ts'

const line = (position: string) => `2026-01-01  1:02:03 0 [Note] WSREP: Recovered position: ${position}\n`

test.each([
  ['with a MariaDB GTID', line(`${HISTORY}:12,0-1-5`), 12n],
  ['without one', line(`${HISTORY}:0`), 0n],
  ['the last one where several are printed', line(`${OTHER_HISTORY}:3`) + line(`${HISTORY}:7`), 7n],
])('the position is read %s', (_case, text, seqno) => {
  expect(parseRecoveredPosition(`noise\n${text}more noise`)).toEqual({ uuid: HISTORY, seqno })
})

test('an empty datadir shows the nil position', () => {
  expect(parseRecoveredPosition(line('00000000-0000-0000-0000-000000000000:-1')).seqno).toBe(-1n)
})

test.each(['', 'InnoDB: corrupted', 'WSREP: Recovered position: ', `Recovered position: ${HISTORY}:1`])('%j has no position', (text) => {
  expect(() => parseRecoveredPosition(text)).toThrow('printed no position')
})

test('MariaDB\'s GTID is that of the last line, none where that has none', () => {
  expect(parseRecoveredGtid(line(`${HISTORY}:12,0-1-5`))).toBe('0-1-5')
  expect(parseRecoveredGtid(line(`${HISTORY}:12,0-1-5`) + line(`${HISTORY}:13,0-1-6`))).toBe('0-1-6')
  expect(parseRecoveredGtid(line(`${HISTORY}:12,0-1-5`) + line(`${HISTORY}:0`))).toBe('')
  expect(() => parseRecoveredGtid('')).toThrow('printed no position')
})
