import { rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import Table from 'cli-table3'
import { UsageError } from '../errors.ts'
import { bigintAsText } from '../galera/schemas.ts'
import { listRescued, RESCUED_CONFIG, RESCUED_DATA, type Rescued } from '../gear/rescued.ts'
import { socketIn } from '../mariadb/own-place.ts'
import { exists } from '../system/files.ts'
import { type Context, type Given, text } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const { paths } = await openedGear(context)
  const rescued = await listRescued(paths.rescued)
  const remove = text(given, 'remove')
  if (remove !== undefined) {
    const one = rescued.find(({ folder }) => basename(folder) === basename(remove))
    if (one === undefined) throw new UsageError('no-rescued', `there is no datadir ${JSON.stringify(remove)} that was moved aside`, 'See galeractl rescued for their folders.')
    await rm(one.folder, { recursive: true, maxRetries: 3 })
    context.print(context.json ? JSON.stringify({ removed: one.folder }) : `removed ${one.folder}`)
    return 0
  }
  if (context.json) context.print(JSON.stringify({ rescued }, bigintAsText))
  else context.print(rescued.length === 0 ? 'No datadir was moved aside.' : [table(rescued), ...(await Promise.all(rescued.map(howToLook))).flat()].join('\n'))
  return 0
}

function table(rescued: readonly Rescued[]): string {
  const rows = new Table({ head: ['moved aside', 'held', 'the cluster went on at', 'only here', 'folder'], style: { head: [], border: [] } })
  for (const one of rescued) rows.push([one.at, one.position === null ? 'unknown' : String(one.position.seqno), wentOn(one), one.unknown ? 'not known' : one.beyond === null ? 'nothing' : `seqno ${one.beyond.first} to ${one.beyond.last}`, basename(one.folder)])
  return rows.toString()
}

/** Where the cluster went on without it, or why else it was moved. */
function wentOn({ fork, reason }: Rescued): string {
  if (fork === null) return reason
  return fork.into === null ? `${fork.seqno} (${fork.why})` : `replaced by ${fork.reason}`
}

/** A server of its own on the old data, reachable by its socket only and outside any cluster. */
async function howToLook({ folder, beyond, unknown }: Rescued): Promise<readonly string[]> {
  if (beyond === null && !unknown) return ['', `${folder} holds nothing that the cluster lacks.`]
  const rows = beyond === null ? 'how far it goes is not known; look at it with' : `look for the rows of seqno ${beyond.first} to ${beyond.last} with`
  return ['', `${folder}: ${rows}`, `  ${await openCommand(folder)}`]
}

/** Versions before have left no my.cnf there. */
async function openCommand(folder: string): Promise<string> {
  if (await exists(join(folder, RESCUED_CONFIG))) return `mariadbd --defaults-file=${folder}/${RESCUED_CONFIG}, and then: mariadb --socket=${socketIn(folder)}`
  return `mariadbd --no-defaults --wsrep-on=OFF --skip-networking --read-only --datadir=${folder}/${RESCUED_DATA} --socket=${folder}/mariadbd.sock --pid-file=${folder}/mariadbd.pid`
}
