import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { folderTarget } from '../../../src/snapshot/folder-target.ts'
import type { Head, Manifest } from '../../../src/snapshot/manifest.ts'
import { writeParts } from '../../../src/snapshot/parts.ts'
import { draftSnapshot, type Stored } from '../../../src/snapshot/store.ts'

export const head = (id = 's1', more: Partial<Head> = {}): Head => ({ format: 1, id, kind: 'physical', cluster: 'galera', node: 'n1', clusterMark: null, startedAt: '2026-11-21T10:00:00.000Z', mariadb: '10.11.19', galera: '4.23', galeractl: '0.1.0', dataBytes: 1000, compression: { method: 'zstd', level: 3 }, encryption: null, settings: { name: 'n1' }, events: null, secrets: null, ...more })

export const manifest = (parts: Manifest['parts'], id = 's1'): Manifest => ({ ...head(id), endedAt: '2026-11-21T10:01:00.000Z', position: { uuid: '11111111-1111-1111-1111-111111111111', seqno: 7n }, gtid: null, bytes: parts.reduce((sum, part) => sum + part.bytes, 0), parts, tables: null })

/** A snapshot of these bytes, in parts of `partBytes`. */
export async function store(dir: string, bytes: Buffer, { id = 's1', partBytes = 1000, more = {} }: { readonly id?: string; readonly partBytes?: number; readonly more?: Partial<Manifest> } = {}): Promise<Stored> {
  await using draft = await draftSnapshot(dir, id)
  const target = folderTarget(draft.folder)
  const parts = await writeParts(Readable.from([bytes], { objectMode: false }), { ...target, partBytes }, () => undefined)
  await target.settled()
  return await draft.commit({ ...manifest([...parts], id), ...more })
}

export async function collect(data: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of data) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A folder that is gone when the test ends. */
export function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'galeractl-unit-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
