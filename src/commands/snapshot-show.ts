import { mergeGearFile } from '../gear/gear-file.ts'
import { formatGtid } from '../galera/gtid.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { decryptText, requireKey } from '../snapshot/codec.ts'
import type { Manifest } from '../snapshot/manifest.ts'
import type { Key } from '../snapshot/key.ts'
import { findSnapshot } from '../snapshot/store.ts'
import { formatBytes, formatSeconds } from '../system/progress.ts'
import type { Context, Given } from './command.ts'
import { keyOf, ownCluster, snapshotFolder } from './snapshot-folder.ts'

export async function run(context: Context, given: Given, [id = '']: readonly string[]): Promise<number> {
  const key = await keyOf(given)
  const { gear, dir } = await snapshotFolder(context, given)
  const { folder, manifest, verification, damage } = await findSnapshot(dir, id, () => ownCluster(gear))
  if (given['gearEnv'] === true) context.print(await gearEnv(manifest, key))
  else if (context.json) context.print(JSON.stringify({ ...manifest, folder, verification, damage }, bigintAsText))
  else context.print([...lines(manifest), `folder       ${folder}`, `verified     ${verification === null ? 'no' : `${verification.at}: ${verification.found}`}`, ...(damage === null ? [] : [`DAMAGED      ${damage}`])].join('\n'))
  return 0
}

function lines(manifest: Manifest): readonly string[] {
  const { encryption, tables } = manifest
  const seconds = (Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt)) / 1000
  return [
    `snapshot     ${manifest.id}`,
    `kind         ${manifest.kind}`,
    `of           cluster ${manifest.cluster}, node ${manifest.node}`,
    `ended        ${manifest.endedAt} (took ${formatSeconds(seconds)})`,
    `position     ${formatGtid(manifest.position)}`,
    `binlog GTID  ${manifest.gtid ?? 'none'}`,
    `MariaDB      ${manifest.mariadb}, Galera ${manifest.galera}`,
    `made by      galeractl ${manifest.galeractl}`,
    `size         ${formatBytes(manifest.bytes)} in ${manifest.parts.length} ${manifest.parts.length === 1 ? 'part' : 'parts'} (zstd -${manifest.compression.level}); the data ${formatBytes(manifest.dataBytes)}`,
    `encrypted    ${encryption === null ? 'no' : encryption.method === 'age' ? 'age' : `openssl enc -${encryption.cipher} -pbkdf2 -iter ${encryption.iterations} -md ${encryption.digest}`}`,
    `secrets      ${manifest.secrets === null ? 'left out' : 'encrypted'}`,
    `tables       ${tables === null ? 'no sums recorded' : `sums of ${tables.length}`}`,
    `settings     ${Object.entries(manifest.settings).map(([name, value]) => `${name}=${value}`).join(' ')}`,
  ]
}

async function gearEnv(manifest: Manifest, key: Key | null): Promise<string> {
  const plain = mergeGearFile(null, manifest.settings)
  if (manifest.secrets === null || manifest.encryption === null || key === null) return plain
  requireKey(manifest, key)
  const secrets = await decryptText(manifest.secrets, manifest.encryption, key)
  return `${plain}${secrets.split('\n').filter((line) => line !== '' && !line.startsWith('#')).join('\n')}\n`
}
