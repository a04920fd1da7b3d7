import { expect, test } from 'vitest'
import { unfindable } from '../../../src/recovery/folded-names.ts'

test('names with capital letters are found among the files, those of other alphabets are not taken for such', () => {
  expect(unfindable(['App/t.frm', 'app/Orders.frm', 'app/t.frm', 'app/t.ibd', 'app/@00C4.frm', 'app/#sql-Ib1.frm', 'app', 'ibdata1', 'B.frm'])).toEqual(['App.t', 'app.Orders'])
})
