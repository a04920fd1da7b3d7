import type { ZodType } from 'zod'

/** What a text holds; null where there is none, it is no JSON, or not of that shape. */
export function parseAs<Value>(schema: ZodType<Value>, text: string | null): Value | null {
  try {
    return text === null ? null : schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
