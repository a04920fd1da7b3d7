import type { Readable, Writable } from 'node:stream'
import { archiveSource, archiveTarget } from '../snapshot/archive.ts'
import { folderTarget } from '../snapshot/folder-target.ts'
import { writeParts } from '../snapshot/parts.ts'
import { storedSource } from '../snapshot/source.ts'
import { draftSnapshot, type Stored } from '../snapshot/store.ts'
import { meter, type Tell } from '../system/progress.ts'

/** A snapshot of a folder as one archive. @throws OutsideError `damaged-part`, `archive-output` */
export async function exportSnapshot(stored: Stored, output: Writable, tell: Tell, signal: AbortSignal): Promise<void> {
  const { manifest } = stored
  const target = await archiveTarget(output, headOnly(manifest), signal)
  const source = storedSource(stored, meter('copying', manifest.bytes, tell))
  // Parts of the folder are larger than those of an archive.
  const parts = await writeParts(source.data, target, () => undefined)
  await target.finish({ ...manifest, parts: [...parts] })
}

/** An archive into a folder of snapshots. @throws OutsideError `bad-archive`, `damaged-part`; UsageError `snapshot-exists` */
export async function importSnapshot(input: Readable, dir: string, tell: Tell, signal: AbortSignal): Promise<Stored> {
  const source = await archiveSource(input, signal)
  await using draft = await draftSnapshot(dir, source.head.id)
  const target = folderTarget(draft.folder)
  const parts = await writeParts(source.data, target, meter('copying', null, tell))
  const manifest = await source.manifest()
  await target.settled()
  return await draft.commit({ ...manifest, parts: [...parts] })
}

function headOnly({ endedAt: _endedAt, position: _position, gtid: _gtid, bytes: _bytes, parts: _parts, tables: _tables, ...head }: Stored['manifest']) {
  return head
}
