import { SETTINGS } from '../config/settings.ts'
import { mergeGearFile } from '../gear/gear-file.ts'
import type { Gear } from '../gear/gear.ts'
import { encryptText } from '../snapshot/codec.ts'
import type { Key } from '../snapshot/key.ts'

/** Settings of a gear that are not the defaults, by name; with a key also its secrets, encrypted, as a gear.env. */
export async function settingsFor({ resolved }: Gear, key: Key | null): Promise<{ settings: Record<string, string>; sealed: string | null }> {
  const set = SETTINGS.filter(({ name }) => resolved[name].origin !== 'default' && resolved[name].text !== '')
  const settings = Object.fromEntries(set.filter(({ secret }) => !secret).map(({ name }) => [name, resolved[name].text]))
  if (key === null) return { settings, sealed: null }
  const secrets = Object.fromEntries(set.filter(({ secret }) => secret).map(({ name }) => [name, resolved[name].text]))
  return { settings, sealed: await encryptText(mergeGearFile(null, secrets), key) }
}
