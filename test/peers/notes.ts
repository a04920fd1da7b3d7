import { galeractl } from './galeractl.ts'
import type { Row } from './row.ts'
import { stock } from './stock.ts'

/** Why a tool needed a person, as read from its log; said only where this run had that result. */
const REASONS: readonly { readonly tool: string; readonly letters: string; readonly text: string }[] = [
  { tool: stock.name, letters: 'bc', text: 'An orderly stop removes gvwstate.dat, so at boot every mariadbd looks for a primary component, none makes one, and each ends after `pc.wait_prim_timeout` (30 s) with an exit code, after which the unit is not started again.' },
  { tool: stock.name, letters: 'f', text: 'n2 and n3 re-form only with every member of the last view. The new datadir of n1 has no gvwstate.dat, so that member never returns: n1 ends after 30 s, n2 and n3 go on waiting. While they wait they do not heed SIGTERM, and the unit sends no SIGKILL; 30 s of the time by hand went by before the operator did.' },
]

/** The paragraphs below the table. */
export function notesOn(rows: readonly Row[]): readonly string[] {
  const reasons = REASONS.flatMap(({ tool, letters, text }) => {
    const met = rows.filter((row) => row.tool === tool && letters.includes(row.fault.letter) && needed(row)).map((row) => row.fault.letter)
    return met.length === 0 ? [] : [`- ${met.join(', ')}, ${tool}: ${text}`]
  })
  const paragraphs = reasons.length > 0 ? [`What the rows that did not come back by themselves mean:\n\n${reasons.join('\n')}`] : []
  const forked = rows.filter(forks).map(({ tool }) => tool)
  if (forked.length > 0) paragraphs.push(`In i, under ${forked.join(' and ')}, n3 came back by IST: a bootstrap keeps the UUID of the history, and by its seqno n3 was merely behind. Its acknowledged rows stay on it alone, it lacks the rows that took their place, and all three say Primary and Synced: nothing tells of it but a comparison of the tables.`)
  if (rows.some(({ fault, tool, outcome }) => fault.letter === 'i' && tool === galeractl.name && !(outcome instanceof Error) && outcome.oneHistory === true)) paragraphs.push('Under galeractl the rows lost in i are those that the person gave up by name: n3 is told at its return that it was left behind, its datadir is moved aside whole (`galeractl rescued` lists it), and it takes the state anew.')
  const others = rows.filter(({ fault }) => fault.letter !== 'i')
  const results = others.flatMap(({ outcome }) => (outcome instanceof Error ? [] : [outcome]))
  if (results.length > 0 && results.length === others.length && results.every(({ lost, oneHistory }) => lost === 0 && oneHistory === true)) paragraphs.push('In the faults a to h no tool lost an acknowledged row or made a second history, the way by hand included: with all positions at hand it finds the most advanced node.')
  const absent = rows.filter(({ fault }) => fault.letter === 'e')
  if (absent.length > 0 && absent.every(({ outcome }) => !(outcome instanceof Error) && outcome.wentOn.length === 0)) paragraphs.push('In e no tool went on without n3, which alone held acknowledged rows: mariadbd waited for every member of its last view, the agent for the position of every node, galeractl for the position of n3. None served in the meantime.')
  return paragraphs
}

const forks = ({ fault, outcome }: Row) => fault.letter === 'i' && !(outcome instanceof Error) && outcome.oneHistory === false
const needed = ({ outcome }: Row) => !(outcome instanceof Error) && outcome.back !== 'yes'
