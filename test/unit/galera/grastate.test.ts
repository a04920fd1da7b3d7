import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { OutsideError } from '../../../src/errors.ts'
import { formatGrastate, parseGrastate } from '../../../src/galera/grastate.ts'
import { HISTORY } from './nodes.ts'

const written = `# GALERA saved state\nversion: 2.1\nuuid:    ${HISTORY}\nseqno:   5321\nsafe_to_bootstrap: 1\n`

test('what MariaDB writes after a clean stop is read', () => {
  expect(parseGrastate(written)).toEqual({ uuid: HISTORY, seqno: 5321n, safeToBootstrap: true })
})

test('a crash shows as seqno -1', () => {
  expect(parseGrastate(written.replace('   5321', '   -1')).seqno).toBe(-1n)
})

test('a file without safe_to_bootstrap (Galera before 3.19) is not safe to bootstrap', () => {
  expect(parseGrastate(written.replace(/safe.*\n/, '')).safeToBootstrap).toBe(false)
})

test('any state survives being written and read', () => {
  fc.assert(fc.property(fc.uuid(), fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }), fc.boolean(), (uuid, seqno, safeToBootstrap) => {
    expect(parseGrastate(formatGrastate({ uuid, seqno, safeToBootstrap }))).toEqual({ uuid, seqno, safeToBootstrap })
  }))
})

test('a file truncated anywhere is an error or never claims more than was written', () => {
  for (let length = 0; length < written.length; length++) {
    const read = readOrNull(written.slice(0, length))
    if (read !== null) expect(read).toEqual({ uuid: HISTORY, seqno: 5321n, safeToBootstrap: false })
  }
})

test.each(['', '\0\0\0', 'version: 2.1\n', written.replace('   5321', '   five'), written.replace(HISTORY, 'x'), written.replace(': 1', ': yes'), written.replace('   5321', '   -7')])('%j is damaged', (text) => {
  expect(readOrNull(text)).toBeNull()
})

test('random text is an error, never a guess', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    expect(readOrNull(text)).toBeNull()
  }))
})

function readOrNull(text: string) {
  try {
    return parseGrastate(text)
  } catch (error) {
    expect(error).toBeInstanceOf(OutsideError)
    return null
  }
}
