import { rm } from 'node:fs/promises'
import * as z from 'zod'
import { readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'

/** Where the agents of donor and joiner get to know how far a transfer is: a file on the donor, a signed message to the joiner. */
export const SST_PATH = '/v1/sst'

/** Older news than this is of a transfer that has ended without a word, milliseconds. */
export const NEWS = 10_000

/** Characters. */
export const LONGEST_TEXT = 2_000

export const sstReportSchema = z.object({
  /** Name of the donor. */
  from: z.string().max(64),
  /** Address of the joiner. */
  to: z.string().max(300),
  state: z.enum(['running', 'done', 'failed']),
  /** What it is at; empty from donors that do not tell it. */
  stage: z.string().max(64).default(''),
  /** How far it is, or why it failed. */
  text: z.string().max(LONGEST_TEXT),
  /** Milliseconds since 1970, by the donor's clock. */
  at: z.number(),
})
export type SstReport = z.infer<typeof sstReportSchema>

/** A disk that can't be written costs only the sight of it. */
export async function writeReport(file: string, report: SstReport): Promise<void> {
  await (report.state === 'done' ? rm(file, { force: true }) : writeFileAtomic(file, `${JSON.stringify(report)}\n`, 0o640)).catch(() => undefined)
}

/** What the donor's own transfer last told; null where none is under way. */
export async function readReport(file: string): Promise<SstReport | null> {
  const report = parseAs(sstReportSchema, await readIfExists(file).catch(() => null))
  return report !== null && Math.abs(Date.now() - report.at) < NEWS ? report : null
}
