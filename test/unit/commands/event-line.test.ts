import { expect, test } from 'vitest'
import { eventLine } from '../../../src/commands/event-line.ts'
import { loggedCall, loggedGarbage, NO_VIEW } from '../../../src/galera/notify-event.ts'
import { HISTORY, uuid } from '../galera/nodes.ts'

const PLACE = { time: '2026-11-21T17:00:00.123Z', position: null }
const line = (name: string) => eventLine(loggedCall({ status: 'joined', uuid: HISTORY, primary: true, index: 0, members: [{ uuid: uuid(1), name, address: 'a:1' }] }, NO_VIEW, PLACE))

test('an event is one line', () => {
  expect(line('n1')).toBe('2026-11-21 17:00:00.123  joined          primary       0       1 +n1')
})

test.each([['\u001b[2J', '"\\u001b[2J"'], ['a\nb', '"a\\nb"'], ['\u009b31m', '"\\u{9b}31m"'], ['\u202Eevil', '"\\u{202e}evil"'], ['$(touch /tmp/x)\'"; DROP', '"$(touch /tmp/x)\'\\"; DROP"']])('the name %j is shown as %s and does nothing to the terminal', (name, shown) => {
  expect(line(name)).toContain(`+${shown}`)
})

test('a malformed record is shown quoted', () => {
  expect(eventLine(loggedGarbage('a\0b\u001b', PLACE))).toContain('malformed')
  expect(eventLine(loggedGarbage('a\0b\u001b', PLACE))).toContain('"a\\u0000b\\u001b"')
})
