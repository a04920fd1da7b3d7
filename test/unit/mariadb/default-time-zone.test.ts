import { expect, test } from 'vitest'
import { namedTimeZone, zoneStatements } from '../../../src/mariadb/default-time-zone.ts'

test('the last option counts, and only a name needs tables', () => {
  expect(['--default-time-zone=UTC --default_time_zone=Europe/Berlin --x=1', '--default-time-zone=Europe/Berlin --default-time-zone=+02:00', '--default-time-zone=SYSTEM', '--port=3306'].map(namedTimeZone)).toEqual(['Europe/Berlin', null, null, null])
})

test('of what mariadb-tzinfo-to-sql prints the rows stay, a statement a line', () => {
  expect(zoneStatements("START TRANSACTION;\nINSERT INTO time_zone (Use_leap_seconds) VALUES ('N');\nSET @time_zone_id= LAST_INSERT_ID();\nINSERT INTO time_zone_transition VALUES\n (@time_zone_id, 1, 2)\n,(@time_zone_id, 3, 4)\n;\nCOMMIT;\n")).toEqual([
    "INSERT INTO time_zone (Use_leap_seconds) VALUES ('N');",
    'SET @time_zone_id= LAST_INSERT_ID();',
    'INSERT INTO time_zone_transition VALUES  (@time_zone_id, 1, 2) ,(@time_zone_id, 3, 4);',
  ])
})
