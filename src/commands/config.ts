import Table from 'cli-table3'
import { findFaults } from '../config/resolve.ts'
import { SETTINGS } from '../config/settings.ts'
import { FaultsError } from '../errors.ts'
import type { Context } from './command.ts'
import { openedGear } from './opened-gear.ts'

export async function run(context: Context): Promise<number> {
  const gear = await openedGear(context)
  const rows = SETTINGS.map((setting) => {
    const found = gear.resolved[setting.name]
    const value = setting.secret && found.text !== '' ? '********' : found.text
    return { name: setting.name, value, origin: found.origin, source: found.source, variable: setting.variable }
  })
  const faults = findFaults(gear.resolved)
  if (context.json) context.print(JSON.stringify({ gear: gear.paths.dir, settings: rows, faults }))
  else {
    const table = new Table({ head: ['setting', 'value', 'from', 'as'], style: { head: [], border: [] } })
    for (const row of rows) table.push([row.name, row.value === '' ? '(worked out)' : row.value, row.origin, row.source])
    context.print(table.toString())
  }
  if (faults.length > 0) throw new FaultsError('configuration', faults)
  return 0
}
