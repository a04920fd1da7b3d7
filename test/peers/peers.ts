import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { FAULTS, type Fault } from './faults.ts'
import { galeractl } from './galeractl.ts'
import { measure } from './measure.ts'
import { page } from './page.ts'
import type { Contestant } from './peer.ts'
import { resourceAgents } from './resource-agents.ts'
import { stock } from './stock.ts'
import { type Row, lineOf, tableOf } from './row.ts'

/** `npm run peers -- [--faults LETTERS] [--tool NAME] [--markdown FILE]`: the same faults under what Debian offers and under galeractl; a table at the end. */
const CONTESTANTS: readonly (readonly [Contestant, number])[] = [[stock, 71], [resourceAgents, 72], [galeractl, 73]]

const { values } = parseArgs({ options: { faults: { type: 'string', default: FAULTS.map((fault) => fault.letter).join('') }, tool: { type: 'string', default: '' }, markdown: { type: 'string' } } })
if (process.getuid?.() !== 0) throw new Error('run this as root: the galera agent changes to the database user by itself')
const faults = FAULTS.filter(({ letter }) => values.faults.includes(letter))
const contestants = CONTESTANTS.filter(([{ name }]) => name.startsWith(values.tool))
if (faults.length === 0 || contestants.length === 0) throw new Error(`--faults has letters of ${FAULTS.map((fault) => fault.letter).join('')}, --tool the beginning of: ${CONTESTANTS.map(([{ name }]) => name).join(', ')}`)

const rows: Row[] = []
for (const fault of faults) {
  process.stdout.write(`${fault.letter}: ${fault.title}\n`)
  for (const [contestant, net] of contestants) {
    const row = await rowOf(contestant, fault, net)
    rows.push(row)
    process.stdout.write(`    ${lineOf(row)}\n`)
  }
}
process.stdout.write(`${tableOf(rows)}\n`)
if (values.markdown !== undefined) writeFileSync(values.markdown, page(rows))

async function rowOf(contestant: Contestant, fault: Fault, net: number): Promise<Row> {
  try {
    return { fault, tool: contestant.name, outcome: await measure(contestant, fault, net) }
  } catch (error) {
    return { fault, tool: contestant.name, outcome: error instanceof Error ? error : new Error(String(error)) }
  }
}
