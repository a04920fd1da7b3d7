import { readFile } from 'node:fs/promises'
import { SETTINGS } from '../config/settings.ts'
import { UsageError } from '../errors.ts'
import type { Given, Option } from './command.ts'

/** One option for each setting; a secret is read from a file, never from the command line. */
export const settingOptions: readonly Option[] = SETTINGS.map((setting) =>
  setting.secret
    ? { flags: `--${setting.name}-file <file>`, description: `${setting.description} (file with one line)` }
    : { flags: `--${setting.name} <${setting.value.toLowerCase()}>`, description: setting.description },
)

/** The settings given as options, by setting name. @throws UsageError `secret-file` */
export async function givenSettings(given: Given): Promise<Readonly<Record<string, string | undefined>>> {
  const values: Record<string, string | undefined> = {}
  for (const setting of SETTINGS) {
    const key = camel(setting.secret ? `${setting.name}-file` : setting.name)
    const value = given[key]
    if (typeof value !== 'string') continue
    values[setting.name] = setting.secret ? await secretFrom(value) : value
  }
  return values
}

async function secretFrom(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new UsageError('secret-file', `cannot read ${file}: ${(cause as Error).message}`, 'Name a readable file that holds the secret in one line.', { cause })
  }
}

const camel = (name: string) => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
