import { test } from 'vitest'
import { expectNoViolation } from './expect-no-violation.ts'

test('they hold on the other core too', () => expectNoViolation(500_000_000))
