import { configOf } from '../gear/gear.ts'
import { ownUsersSql } from '../mariadb/users.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** Plugins that judge passwords refuse hashes, unless told so. */
const BEFORE = ['SET @strict = @@GLOBAL.strict_password_validation;', 'SET GLOBAL strict_password_validation = OFF;']
const AFTER = 'SET GLOBAL strict_password_validation = @strict;'

export async function run(context: Context): Promise<number> {
  context.print([...BEFORE, ...ownUsersSql(configOf(await openedGear(context))), AFTER].join('\n'))
  return 0
}
