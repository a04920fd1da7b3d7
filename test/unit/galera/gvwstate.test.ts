import { expect, test } from 'vitest'
import { parseGvwstate } from '../../../src/galera/gvwstate.ts'
import { uuid } from './nodes.ts'

const written = `my_uuid: ${uuid(1)}\n#vwbeg\nview_id: 3 ${uuid(2)} 7\nbootstrap: 0\nmember: ${uuid(2)} 0\nmember: ${uuid(1)} 0\n#vwend\n`

test('the last primary view is read, its members in a fixed order', () => {
  expect(parseGvwstate(written)).toEqual({ myUuid: uuid(1), viewId: `${uuid(2)}/7`, members: [uuid(1), uuid(2)] })
})

test('a file torn at any line is damaged', () => {
  const lines = written.trimEnd().split('\n')
  for (let kept = 0; kept < lines.length; kept++) expect(() => parseGvwstate(lines.slice(0, kept).join('\n')), `${kept} lines`).toThrow('damaged')
})

test.each(['', '\0'.repeat(64), written.replaceAll(`member: ${uuid(1)} 0\n`, ''), written.replace(`my_uuid: ${uuid(1)}`, 'my_uuid: x'), written.replace(' 7', ' seven')])('an empty, zeroed or foreign file %j is damaged', (text) => {
  expect(() => parseGvwstate(text)).toThrow('damaged')
})

test('its own UUID may be a later incarnation of a member: each start that reads the file counts it up', () => {
  const text = ['my_uuid: 11111111-2222-3333-9a46-555555555555', '#vwbeg', 'view_id: 3 11111111-2222-3333-9a45-555555555555 4', 'bootstrap: 0', 'member: 11111111-2222-3333-9a45-555555555555 0', '#vwend', ''].join('\n')
  expect(parseGvwstate(text)).toMatchObject({ myUuid: '11111111-2222-3333-9a46-555555555555', members: ['11111111-2222-3333-9a45-555555555555'] })
})
