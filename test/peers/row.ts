import Table from 'cli-table3'
import type { Fault } from './faults.ts'
import type { Outcome } from './measure.ts'

/** One tool under one fault; an error tells why there is no result. */
export interface Row {
  readonly fault: Fault
  readonly tool: string
  readonly outcome: Outcome | Error
}

export const HEAD = ['fault', 'tool', 'came back by itself', 'one history', 'rows lost', 'seconds'] as const

/** The cells under HEAD. */
export function cellsOf({ fault, tool, outcome }: Row): readonly string[] {
  if (outcome instanceof Error) return [fault.letter, tool, `not driven: ${outcome.message}`, '-', '-', '-']
  const { back, oneHistory, lost, wentOn } = outcome
  const early = wentOn.length > 0 ? `; ${wentOn.join(' and ')} went on before the others came` : ''
  return [fault.letter, tool, `${back === 'yes, with operator' ? 'no; yes, with operator' : back}${early}`, oneHistory === null ? '-' : oneHistory ? 'yes' : 'no', lost === null ? '-' : String(lost), secondsOf(outcome)]
}

export const lineOf = (row: Row): string => cellsOf(row).slice(1).join(' | ')

/** For a terminal. */
export function tableOf(rows: readonly Row[]): string {
  const table = new Table({ head: [...HEAD], style: { head: [], border: [] } })
  for (const row of rows) table.push([...cellsOf(row)])
  return table.toString()
}

function secondsOf({ seconds, waited }: Outcome): string {
  const took = seconds === null ? null : seconds.toFixed(1)
  if (waited === null) return took ?? '-'
  return `${took === null ? 'down' : `${took} by hand`} after ${waited.toFixed(0)} without`
}
