import { gearFolder, gearPaths, gearServerFiles } from '../gear/gear.ts'
import type { Change } from '../gear/gear-file.ts'
import { setUpGear } from '../gear/setup.ts'
import { takeFolder } from '../gear/take-folder.ts'
import { findServer } from '../mariadb/server.ts'
import { tellPeople } from '../system/screen.ts'
import { abortOnSignals } from '../system/signals.ts'
import type { Context, Given } from './command.ts'
import { text } from './command.ts'
import { givenSettings } from './setting-options.ts'

export async function run(context: Context, given: Given): Promise<number> {
  const settings = await givenSettings(given)
  const folder = await takeFolder(gearFolder(context.gear, process.env), text(given, 'user'))
  const result = await setUpGear(gearPaths(folder), { given: settings, namedBy: 'person', tell: tellPeople, signal: abortOnSignals() })
  if (context.json) {
    context.print(JSON.stringify({ gear: folder, name: result.config.name, mariadb: result.version, changes: result.changes }))
    return 0
  }
  for (const change of result.changes) context.print(changeLine(change))
  context.print(result.changes.length === 0 ? `gear ${folder}: nothing to change` : `gear ${folder} is ready: node ${result.config.name}, MariaDB ${result.version}`)
  const running = result.changes.length > 0 && (await findServer(gearServerFiles(gearPaths(folder)))) !== null
  if (running) tellPeople('The node runs with the former settings: run galeractl restart to apply these.')
  if (running && result.config.sstMethod === 'mysqldump' && result.changes.some(({ what }) => what === 'GALERACTL_SST_METHOD')) tellPeople(`A transfer by mysqldump needs a user that this cluster may lack, also for a node that only missed some writes. Before any node is restarted, on one of them: galeractl --gear ${folder} sst-account | mariadb -uroot -S ${gearPaths(folder).socket}`)
  if (result.newSecret) tellPeople(`A new cluster secret was made; give it to the other nodes: copy the line GALERACTL_SECRET of ${folder}/gear.env into a file for --secret-file.`)
  return 0
}

function changeLine(change: Change): string {
  if (change.before === null) return `+ ${change.what} = ${change.after}`
  if (change.after === null) return `- ${change.what} = ${change.before}`
  return `~ ${change.what} = ${change.before} → ${change.after}`
}
