/** Milliseconds that the work took. */
export async function time(work: () => Promise<unknown> | unknown): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export interface Row {
  readonly what: string
  readonly ours: readonly number[]
  readonly reference: readonly number[]
  readonly against: string
  readonly goal: number
}

/** The ratio of each pair of runs that were taken one right after the other; their median is the figure. */
export function ratio(row: Row): number {
  return median(row.ours.map((value, at) => value / (row.reference[at] ?? Number.NaN)))
}

/** Runs both in turn, each first every other time, so that a change of the machine's speed, and what one leaves to the other, touches both. */
export async function pairs(rounds: number, ours: () => Promise<number>, reference: () => Promise<number>): Promise<{ ours: number[]; reference: number[] }> {
  const result = { ours: [] as number[], reference: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) result.ours.push(await ours())
    result.reference.push(await reference())
    if (round % 2 === 1) result.ours.push(await ours())
  }
  return result
}
