import { expect, test } from 'vitest'
import { describeVotedOut, parseVotedOut } from '../../../src/galera/voted-out.ts'
import { HISTORY } from './nodes.ts'

const AT = '2026-11-28T21:12:02.000Z'
const voted = (seqno: number) => `2026-11-28 21:12:02 1 [ERROR] WSREP: Inconsistency detected: Inconsistent by consensus on ${HISTORY}:${seqno}\n\t at ./galera/src/replicator_smm.cpp:process_apply_error():1345`
const rows = (table: string) => `2026-11-28 21:12:02 1 [ERROR] Slave SQL: Could not execute Update_rows_v1 event on table ${table}; Can't find record in 't', Error_code: 1032; handler error HA_ERR_KEY_NOT_FOUND; the event's master log FIRST, end_log_pos 142, Internal MariaDB error code: 1032`

test('the write-set, the statement and the table of the last vote', () => {
  expect(parseVotedOut([rows('app.u'), voted(5), rows('app.t'), voted(6), 'more'].join('\n'), AT)).toEqual({ uuid: HISTORY, seqno: 6n, failed: "Update_rows_v1 on app.t: Can't find record in 't' (error 1032)", table: 'app.t', at: AT })
})

test('a statement that failed as a whole', () => {
  const query = "2026-11-28 21:12:02 1 [ERROR] Slave SQL: Error 'Table 't' already exists' on query. Default database: 'app'. Query: 'CREATE TABLE t (id INT)', Internal MariaDB error code: 1050"
  expect(parseVotedOut(`${query}\n${voted(6)}`, AT)).toMatchObject({ failed: "CREATE TABLE t (id INT): Table 't' already exists (error 1050)", table: null })
})

test('who failed at nothing was outvoted; errors of an earlier vote are not taken for it', () => {
  const vote = parseVotedOut([rows('app.u'), voted(5), voted(6)].join('\n'), AT)
  expect(vote).toMatchObject({ seqno: 6n, failed: null })
  expect(vote === null ? '' : describeVotedOut('n3', vote)).toBe(`n3 was voted out as inconsistent at ${HISTORY}:6: the others could not apply it, and outvoted this node`)
})

test('an error without a vote is none', () => {
  expect(parseVotedOut(rows('app.t'), AT)).toBeNull()
})
