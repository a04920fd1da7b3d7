import Table from 'cli-table3'
import { bigintAsText } from '../galera/schemas.ts'
import { listRescued, type Rescued } from '../gear/rescued.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const { paths } = await openedGear(context)
  const rescued = await listRescued(paths.rescued)
  if (context.json) context.print(JSON.stringify({ rescued }, bigintAsText))
  else context.print(rescued.length === 0 ? 'No datadir was moved aside.' : [table(rescued), ...rescued.flatMap(howToLook)].join('\n'))
  return 0
}

function table(rescued: readonly Rescued[]): string {
  const rows = new Table({ head: ['moved aside', 'held', 'the cluster went on at', 'only here'], style: { head: [], border: [] } })
  for (const one of rescued) rows.push([one.at, one.position === null ? 'unknown' : String(one.position.seqno), `${one.fork.seqno} (${one.fork.why})`, one.beyond === null ? 'nothing' : `seqno ${one.beyond.first} to ${one.beyond.last}`])
  return rows.toString()
}

/** A server of its own on the old data, reachable by its socket only and outside any cluster. */
function howToLook({ folder, beyond }: Rescued): readonly string[] {
  const open = `mariadbd --no-defaults --wsrep-on=OFF --skip-networking --read-only --datadir=${folder}/data --socket=${folder}/mariadbd.sock --pid-file=${folder}/mariadbd.pid`
  return ['', `${folder}${beyond === null ? ' holds nothing that the cluster lacks.' : `: look for the rows of seqno ${beyond.first} to ${beyond.last} with`}`, ...(beyond === null ? [] : [`  ${open}`])]
}
