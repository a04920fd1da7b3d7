import { expect, test } from 'vitest'
import { goesOn, parseFlushed } from '../../../src/sst/pause-donor.ts'

const UUID = '11111111-1111-1111-1111-111111111111'

test('from 11.6 on the server goes on while the script runs', () => {
  expect(['10.11.19-MariaDB-deb12', '11.4.9-MariaDB', '11.5.2', '11.6.2', '11.8.9-MariaDB-0+deb13u1', '12.3.1'].map(goesOn)).toEqual([false, false, false, true, true, true])
})

test('the position is read when its line is whole', () => {
  expect([`${UUID}:675 0\n`, `${UUID}:675\n`, `${UUID}:67`, ''].map(parseFlushed)).toEqual([{ gtid: `${UUID}:675`, gtidDomainId: 0 }, { gtid: `${UUID}:675`, gtidDomainId: null }, null, null])
})
