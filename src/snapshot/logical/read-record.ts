import type * as z from 'zod'
import { OutsideError } from '../../errors.ts'
import { FORMAT, type Head, headSchema } from './records.ts'
import { type ArchiveMember, damaged } from './tar-reader.ts'

/** @throws OutsideError `archive-format` */
export function readHead(text: Buffer): Head {
  const head = headSchema.safeParse(parsed(text))
  if (!head.success) throw new OutsideError('archive-format', `this archive is none of format ${FORMAT}, which this galeractl reads`, 'Read it with the galeractl that wrote it, or a newer one.')
  return head.data
}

/** One of the archive's JSON files. @throws OutsideError `archive-damaged` */
export function readRecord<Value>(schema: z.ZodType<Value>, { name }: Pick<ArchiveMember, 'name'>, text: Buffer): Value {
  const value = schema.safeParse(parsed(text))
  if (!value.success) throw damaged(`${name} does not hold what it should`)
  return value.data
}

function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
