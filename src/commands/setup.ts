import { chown, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OutsideError } from '../errors.ts'
import { gearFolder, gearPaths } from '../gear/gear.ts'
import type { Change } from '../gear/gear-file.ts'
import { setUpGear } from '../gear/setup.ts'
import { isErrno } from '../system/files.ts'
import { becomeAccount, becomeOwner, findAccount } from '../system/privileges.ts'
import { abortOnSignals } from '../system/signals.ts'
import type { Context, Given } from './command.ts'
import { text } from './command.ts'
import { givenSettings } from './setting-options.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const folder = gearFolder(context.gear, process.env)
  const settings = await givenSettings(given)
  await takeFolder(folder, text(given, 'user'))
  const result = await setUpGear(gearPaths(folder), { given: settings, tell: (progress) => void process.stderr.write(`${progress}\n`), signal: abortOnSignals() })
  if (context.json) {
    context.print(JSON.stringify({ gear: folder, name: result.config.name, mariadb: result.version, changes: result.changes }))
    return 0
  }
  for (const change of result.changes) context.print(changeLine(change))
  context.print(result.changes.length === 0 ? `gear ${folder}: nothing to change` : `gear ${folder} is ready: node ${result.config.name}, MariaDB ${result.version}`)
  if (result.newSecret) process.stderr.write(`A new cluster secret was made; give it to the other nodes: copy the line GALERACTL_SECRET of ${folder}/gear.env into a file for --secret-file.\n`)
  return 0
}

/** Makes the gear's folder; root gives it to the gear's user and acts as that user from here on. */
async function takeFolder(folder: string, user: string | undefined): Promise<void> {
  const account = process.getuid?.() === 0 ? await findAccount(user ?? 'mysql') : null
  try {
    await mkdir(dirname(folder), { recursive: true })
    await mkdir(folder, { mode: 0o750 })
  } catch (cause) {
    if (!isErrno(cause, 'EEXIST')) throw new OutsideError('make-gear', `can't make ${folder}: ${(cause as Error).message}`, 'Choose a folder that you may write to.', { cause })
    return becomeOwner(folder)
  }
  if (account !== null) {
    await chown(folder, account.uid, account.gid)
    becomeAccount(account)
  }
}

function changeLine(change: Change): string {
  if (change.before === null) return `+ ${change.what} = ${change.after}`
  if (change.after === null) return `- ${change.what} = ${change.before}`
  return `~ ${change.what} = ${change.before} → ${change.after}`
}
