import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../../src/errors.ts'
import { parseNotifyArguments } from '../../../src/galera/notify-arguments.ts'
import { HISTORY, uuid } from './nodes.ts'

test('a full call is read', () => {
  const members = `${uuid(101)}/n1/127.0.0.1:3306,${uuid(102)}/n2/[fd00::2]:3306`
  expect(parseNotifyArguments(['--status', 'Joined', '--uuid', HISTORY, '--primary', 'yes', '--index', '1', '--members', members])).toEqual({
    status: 'joined',
    uuid: HISTORY,
    primary: true,
    index: 1,
    members: [{ uuid: uuid(101), name: 'n1', address: '127.0.0.1:3306' }, { uuid: uuid(102), name: 'n2', address: '[fd00::2]:3306' }],
  })
})

test.each([['--status', 'disconnecting'], ['--status', 'donor/desynced']])('a call with only a status is read', (...args) => {
  expect(parseNotifyArguments(args)).toEqual({ status: args[1] })
})

test('the shutdown call has index -1 and no members', () => {
  expect(parseNotifyArguments(['--index', '-1', '--members', '', '--primary', 'no'])).toEqual({ index: -1, members: [], primary: false })
})

test.each(['$(touch /tmp/owned)', '`id`', '; rm -rf ~', 'a/b/c', '"', "'", '\n', '<>&|', 'a,b', ','])('the hostile name %j of another node stays data', (name) => {
  const { members } = parseNotifyArguments(['--members', `${uuid(101)}/${name}/10.0.0.1:3306`])
  expect(members).toEqual([{ uuid: uuid(101), name, address: '10.0.0.1:3306' }])
})

test.each([
  [['--status']],
  [['--evil', 'x']],
  [['--status', 'x'.repeat(41)]],
  [['--status', '$(id)']],
  [['--uuid', 'x']],
  [['--primary', 'maybe']],
  [['--index', '1e9']],
  [['--members', 'n1/10.0.0.1']],
  [['--members', `${uuid(1)}/${'n'.repeat(257)}/10.0.0.1:1`]],
  [['--members', `${uuid(1)}/10.0.0.1:1`]],
])('%j is refused', (args) => {
  expect(() => parseNotifyArguments(args)).toThrow(UsageError)
})

test('anything at all is read or refused as bad-notify', () => {
  const word = fc.oneof(fc.string(), fc.constantFrom('--status', '--members', '--index', `${uuid(1)}/n/a`))
  fc.assert(fc.property(fc.array(word), (args) => {
    try {
      parseNotifyArguments(args)
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError)
    }
  }))
})
