import { watch } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type NotifyEvent, parseNotifyArguments } from '../galera/notify-arguments.ts'
import { parseSpool } from '../galera/notify-spool.ts'
import { isErrno } from '../system/files.ts'
import type { Logger } from '../system/log.ts'

/** A spool of this size is put aside and a new one begun. */
const ROTATE_BYTES = 262_144

/**
 * Reads what `hooks/notify` appends, at once and in order. Events only say "look now": the server is
 * the authority on what they mean, so that reading one twice after a crash does no harm.
 */
export function followSpool(spool: string, log: Logger, onEvent: (event: NotifyEvent) => void): Disposable {
  let offset = 0
  let reading = Promise.resolve()
  const readNew = async () => {
    const { size, bytes } = await readFrom(spool, offset)
    if (size < offset) offset = 0
    const content = parseSpool(bytes)
    offset += content.consumed
    if (content.malformed > 0) log.warn({ malformed: content.malformed }, 'the notify spool has malformed records')
    for (const args of content.records) announce(args, log, onEvent)
    if (offset >= ROTATE_BYTES && size === offset) {
      await rename(spool, `${spool}.old`)
      offset = 0
    }
  }
  const look = () => {
    reading = reading.then(readNew).catch((error) => log.error({ err: error }, 'the notify spool can not be read'))
  }
  const watcher = watch(dirname(spool), (_type, name) => {
    if (name === null || spool.endsWith(`/${name}`)) look()
  })
  watcher.on('error', (error) => log.error({ err: error }, 'the notify spool can not be watched'))
  look()
  return { [Symbol.dispose]: () => watcher.close() }
}

/** A new agent asks the server itself; what was spooled for an earlier one is of no use. */
export async function clearSpool(spool: string): Promise<void> {
  await rm(spool, { force: true })
  await rm(`${spool}.old`, { force: true })
}

function announce(args: readonly string[], log: Logger, onEvent: (event: NotifyEvent) => void): void {
  try {
    onEvent(parseNotifyArguments(args))
  } catch (error) {
    log.warn({ err: error }, 'a notify event is malformed')
  }
}

async function readFrom(path: string, offset: number): Promise<{ size: number; bytes: Uint8Array }> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const from = size < offset ? 0 : offset
    const bytes = new Uint8Array(size - from)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    return { size, bytes: bytes.subarray(0, bytesRead) }
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return { size: 0, bytes: new Uint8Array() }
    throw error
  }
}
