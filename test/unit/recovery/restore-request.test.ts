import { expect, test } from 'vitest'
import type { UnfinishedRestore } from '../../../src/gear/unfinished-restore.ts'
import { formatTarget, meaningOf, parseTarget, type RestoreRequest, wordsOf } from '../../../src/recovery/restore-request.ts'
import { HISTORY, OTHER_HISTORY } from '../galera/nodes.ts'

const request = (more: Partial<RestoreRequest> = {}): RestoreRequest => ({ id: 'latest', dir: '/snapshots', from: undefined, fromCommand: undefined, toTime: '15m', toGtid: undefined, toLatest: false, ...more })
const now = new Date('2026-11-21T12:00:00Z')
const unfinished = (words: string): UnfinishedRestore => ({ words, identity: 's1', target: 'time 2026-11-21T10:45:00.000Z', gtid: null, snapshot: 's1', history: HISTORY, startedAt: '2026-11-21T11:00:00.000Z', done: 'unpacked', into: OTHER_HISTORY, aside: 'a', replaces: [] })

test('the same command goes on with what it meant when it began: latest and 15 minutes ago mean something else now', () => {
  expect(meaningOf(request(), unfinished(wordsOf(request())), now)).toEqual({ id: 's1', target: { kind: 'time', at: new Date('2026-11-21T10:45:00Z') } })
})

test('another command means what it says now', () => {
  expect(meaningOf(request({ toTime: '30m' }), unfinished(wordsOf(request())), now)).toEqual({ id: 'latest', target: { kind: 'time', at: new Date('2026-11-21T11:30:00Z') } })
  expect(meaningOf(request({ toTime: undefined }), null, now)).toEqual({ id: 'latest', target: null })
})

test.each([null, 'latest', 'gtid 0-1-4711', 'time 2026-11-21T10:45:00.000Z'])('the target %j is the same when it was written and read', (text) => {
  expect(formatTarget(parseTarget(text))).toBe(text)
})

test.each([[{ from: 'a.tar' }, 'one-source'], [{ id: undefined }, 'one-source'], [{ toLatest: true }, 'two-targets'], [{ toTime: 'yesterday' }, 'bad-since'], [{ toTime: undefined, toGtid: '4711' }, 'bad-server-gtid']] as const)('%j is the user\'s to mend', (more, code) => {
  expect(() => meaningOf(request(more), null, now)).toThrow(expect.objectContaining({ code }))
})
