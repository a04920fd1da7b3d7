import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileOfScan } from '../../../src/galera/archived-binlog.ts'
import { BinlogScan } from '../../../src/galera/binlog-scan.ts'
import { parseServerGtid, parseServerGtids } from '../../../src/galera/server-gtid.ts'

/** Written by MariaDB 10.11: two DDL, two transactions with a failed statement between them, two of a session with wsrep_on=OFF. */
export const WHOLE = readFileSync(join(import.meta.dirname, 'whole.binlog'))

/** Seconds since 1970. */
export const TIME = 1_800_000_000

function event(type: number, body: Buffer, { server = 1, time = TIME } = {}): Buffer {
  const header = Buffer.alloc(19)
  header.writeUInt32LE(time, 0)
  header.writeUInt8(type, 4)
  header.writeUInt32LE(server, 5)
  header.writeUInt32LE(19 + body.length + 4, 9)
  return Buffer.concat([header, body, Buffer.alloc(4)])
}

/** A DDL statement; `text` is `DOMAIN-SERVER-SEQNO`, or that and a time in seconds after TIME (`0-1-5@3`). */
export function statement(text: string): Buffer {
  const [name = '', after = '0'] = text.split('@')
  const { domain, server, seqno } = parseServerGtid(name)
  const body = Buffer.alloc(19)
  body.writeBigUInt64LE(seqno, 0)
  body.writeUInt32LE(domain, 8)
  body.writeUInt8(1, 12)
  const when = { server, time: TIME + Number(after) }
  return Buffer.concat([event(162, body, when), event(2, Buffer.from(`${'\0'.repeat(14)}ALTER TABLE t`), when)])
}

/** A binary log that begins at a state, with these statements; `created` tells files apart. */
export function makeBinlog(state: string, statements: readonly string[], created = TIME): Buffer {
  const format = Buffer.from(WHOLE.subarray(0, 256))
  format.writeUInt32LE(created, 4)
  const list = parseServerGtids(state)
  const body = Buffer.alloc(4 + 16 * list.length)
  body.writeUInt32LE(list.length, 0)
  for (const [at, { domain, server, seqno }] of list.entries()) {
    body.writeUInt32LE(domain, 4 + 16 * at)
    body.writeUInt32LE(server, 8 + 16 * at)
    body.writeBigUInt64LE(seqno, 12 + 16 * at)
  }
  return Buffer.concat([format, event(163, body, { time: created }), ...statements.map(statement)])
}

/** What is known of such a file in the archive. */
export function archived(node: string, state: string, statements: readonly string[], name = `${node}-${state || 0}`) {
  const scan = new BinlogScan()
  scan.add(makeBinlog(state, statements))
  return fileOfScan(scan, { name, node, sha256: '0'.repeat(64) })
}

export function shuffles<Item>(items: readonly Item[]): Item[][] {
  return items.length < 2 ? [[...items]] : items.flatMap((one, at) => shuffles(items.toSpliced(at, 1)).map((rest) => [one, ...rest]))
}
