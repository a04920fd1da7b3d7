import Table from 'cli-table3'
import { askAgent } from '../agent/control-client.ts'
import type { StatusReport } from '../agent/status-report.ts'
import { ArchiveReader } from '../archive/inventory.ts'
import { pruneArchive } from '../archive/prune.ts'
import { EXIT, UsageError } from '../errors.ts'
import { type ArchiveSummary, summarize } from '../galera/archive-summary.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { LedgerStore } from '../agent/ledger-store.ts'
import { parseSince } from '../system/since.ts'
import { type Context, type Given, text } from './command.ts'
import { openedGear } from './opened-gear.ts'

/** 0, and 5 with a gap in the present history. */
export async function run(context: Context, given: Given, [verb = 'show']: readonly string[]): Promise<number> {
  const gear = await openedGear(context)
  const { archive } = configOf(gear)
  if (archive === null) throw new UsageError('no-archive', 'this gear has no archive of binary logs', 'Turn it on with galeractl setup --archive DIR and galeractl restart, on each node.')
  if (verb === 'prune') return prune(context, archive, text(given, 'before'))
  if (verb !== 'show') throw new UsageError('bad-verb', `archive ${JSON.stringify(verb.slice(0, 40))} is no verb`, 'Say archive or archive prune.')
  return show(context, gear, archive)
}

async function show(context: Context, gear: Gear, archive: string): Promise<number> {
  const { paths, resolved } = gear
  const { store } = await LedgerStore.open(paths.ledger, resolved.name.text, 'look')
  const present = store.ledger.history
  const answer = await askAgent(paths.agentSocket, 'GET', '/status')
  const lagBytes = answer === null ? null : ((JSON.parse(answer) as StatusReport).archive?.lagBytes ?? null)
  const reader = new ArchiveReader(archive)
  const histories: ArchiveSummary[] = []
  for (const history of await reader.histories()) histories.push(summarize(await reader.inventory(history)))
  if (context.json) context.print(JSON.stringify({ archive, present, lagBytes, histories }))
  else context.print(screen(histories, { present, lagBytes, name: resolved.name.text, archive }))
  return histories.some(({ history, gaps }) => history === present && gaps.length > 0) ? EXIT.outside : EXIT.done
}

interface Place {
  readonly archive: string
  readonly present: string | null
  readonly name: string
  /** Of this node; null: its agent does not run. */
  readonly lagBytes: number | null
}

function screen(histories: readonly ArchiveSummary[], { archive, present, name, lagBytes }: Place): string {
  if (histories.length === 0) return `Nothing is archived in ${archive} yet.`
  return histories.map(({ history, nodes, gaps }) => {
    const table = new Table({ head: ['node', 'files', 'from', 'to', 'to archive'], style: { head: [], border: [] } })
    for (const one of nodes) table.push([one.node, one.files, point(one.first), point(one.last), history === present && one.node === name && lagBytes !== null ? `${lagBytes} bytes` : ''])
    return [`History ${history}${history === present ? ' (present)' : ''}`, table.toString(), ...gaps.map(({ first, last, from, to }) => `GAP: nobody has ${first} to ${last}${from === null ? '' : `, after ${from}`}${to === null ? '' : `, before ${to}`}`)].join('\n')
  }).join('\n\n')
}

const point = ({ gtid, time }: ArchiveSummary['nodes'][number]['first']) => `${gtid}\n${time}`

async function prune(context: Context, archive: string, before: string | undefined): Promise<number> {
  if (before === undefined) throw new UsageError('no-before', 'archive prune needs --before', 'Say how much to keep, such as --before 30d.')
  const removed = await pruneArchive(archive, parseSince(before, new Date(), '--before'))
  context.print(context.json ? JSON.stringify({ removed }) : removed.length === 0 ? 'nothing is that old' : removed.join('\n'))
  return EXIT.done
}
