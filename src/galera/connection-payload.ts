import { UsageError } from '../errors.ts'
import { MAX_LIST_BYTES } from './peer-list.ts'

/** What one gear published: the platform's gear UUID and the publisher's stdout. */
export interface Published {
  readonly gearUuid: string
  readonly output: string
}

/**
 * The fourth argument of a subscribe hook: `'uuid1'='out1' 'uuid2'='out2'`, newlines included,
 * the full membership with self (openshift/origin-server). Anything else is refused whole, so that
 * the stored list stays as it was.
 * @throws UsageError `bad-payload`, `list-too-long`
 */
export function parseConnectionPayload(text: string): readonly Published[] {
  if (text.length > MAX_LIST_BYTES) {
    throw new UsageError('list-too-long', `the membership has ${text.length} characters, at most ${MAX_LIST_BYTES} are taken`, 'The stored list is unchanged.')
  }
  const published: Published[] = []
  const entry = /\s*'([A-Za-z0-9_.-]{1,128})'='([^']*)'(?=\s|$)/y
  while (entry.lastIndex < text.trimEnd().length) {
    const from = entry.lastIndex
    const match = entry.exec(text)
    if (match === null) {
      throw new UsageError('bad-payload', `not 'uuid'='output' at character ${from}: ${JSON.stringify(text.slice(from, from + 60))}`, 'The stored list is unchanged.')
    }
    published.push({ gearUuid: match[1] ?? '', output: (match[2] ?? '').trim() })
  }
  return published
}
