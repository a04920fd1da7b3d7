import type { Writable } from 'node:stream'
import { archiveTarget } from '../snapshot/archive.ts'
import { folderTarget } from '../snapshot/folder-target.ts'
import type { Head, Manifest } from '../snapshot/manifest.ts'
import { operatorCommand } from '../snapshot/operator-command.ts'
import type { PartTarget } from '../snapshot/parts.ts'
import { draftSnapshot, type Stored } from '../snapshot/store.ts'

/** Where a snapshot goes. */
export type Destination = { readonly to: 'folder'; readonly dir: string } | { readonly to: 'stream'; readonly output: Writable } | { readonly to: 'command'; readonly command: string }

export interface OpenDestination extends AsyncDisposable {
  readonly target: PartTarget
  /** Makes it whole; without this nothing is listed anywhere. @returns what is in the folder now, if it is one */
  readonly commit: (manifest: Manifest) => Promise<Stored | null>
}

/** @throws UsageError `snapshot-exists`; RefusedError `locked`; OutsideError where it can't be written */
export async function openDestination(destination: Destination, head: Head, signal: AbortSignal): Promise<OpenDestination> {
  if (destination.to === 'folder') {
    const draft = await draftSnapshot(destination.dir, head.id)
    const target = folderTarget(draft.folder)
    const commit = async (manifest: Manifest) => {
      await target.settled()
      return draft.commit(manifest)
    }
    return { target, commit, [Symbol.asyncDispose]: async () => draft[Symbol.asyncDispose]() }
  }
  if (destination.to === 'stream') {
    const target = await archiveTarget(destination.output, head, signal)
    return { target, commit: (manifest) => target.finish(manifest).then(() => null), [Symbol.asyncDispose]: async () => undefined }
  }
  const command = operatorCommand(destination.command, '--to-command')
  command.output.resume()
  signal.addEventListener('abort', command.kill, { once: true })
  const ended = () => command.ended.catch((error: Error) => {
    signal.throwIfAborted()
    throw error
  })
  // The command's own words tell more than that its input was closed.
  const explain = async (error: Error): Promise<never> => {
    await ended()
    throw error
  }
  let whole = false
  const target = await archiveTarget(command.input, head, signal).catch(explain)
  return {
    target: { partBytes: target.partBytes, begin: async (name) => {
      const part = await target.begin(name)
      return { ...part, end: () => part.end().catch(explain) }
    } },
    commit: async (manifest) => {
      await target.finish(manifest).catch(explain)
      command.input.end()
      await ended()
      whole = true
      return null
    },
    [Symbol.asyncDispose]: async () => {
      if (!whole) command.kill()
    },
  }
}
