import { expect, test } from 'vitest'
import { forcedBy } from '../../../src/galera/force.ts'
import type { View } from '../../../src/galera/view.ts'
import { down, facts, fresh, HISTORY, nodeUuid, position, silent, view } from './nodes.ts'

const all = view(5, ['n1', 'n2', 'n3'])
const unnamed = `node ${nodeUuid('n3')}`
const oneNameless: View = { ...all, members: all.members.map((member) => (member.name === 'n3' ? { ...member, name: null } : member)) }
const n1 = (known: View) => down('n1', position(5), { view: known })

test.each([
  ['the silent member is named, and must stay silent', facts(n1(all), down('n2', position(5)), silent('n3')), ['n3'], ['n3'], 'bootstrap'],
  ['a silent node outside the newest view may come back meanwhile', facts(n1(all), down('n2', position(5)), silent('n3'), silent('n4')), ['n3'], ['n3'], 'bootstrap'],
  ['where nobody can name it, all that are silent must stay so', facts(n1(oneNameless), down('n2', position(5)), silent('n4'), silent('n5')), [unnamed], ['n4', 'n5', unnamed], 'bootstrap'],
  ['who lost the data answers', facts(down('n1', position(3), { view: view(2, ['n1', 'n2']) }), down('n2', fresh, { history: HISTORY, view: view(8, ['n2']) })), ['n2'], [], 'bootstrap'],
  ['another is further', facts(n1(all), down('n2', position(6)), silent('n3')), ['n3'], ['n3'], 'wait'],
  ['nobody is missing', facts(n1(all), down('n2', position(5)), down('n3', position(5))), [], [], 'bootstrap'],
])('%s', (_what, known, lose, gone, verdict) => {
  expect(forcedBy(known, 'burnt')).toMatchObject({ lose, gone, decision: { do: verdict } })
})
