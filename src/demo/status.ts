import Table from 'cli-table3'
import { askAgent } from '../agent/control-client.ts'
import type { StatusReport } from '../agent/status-report.ts'
import { gearPaths } from '../gear/gear.ts'
import type { Demo } from './place.ts'

export async function demoStatus(demo: Demo, print: (text: string) => void): Promise<number> {
  print(await statusText(demo))
  return 0
}

/** All three nodes in one table, as each tells of itself. */
export async function statusText(demo: Demo): Promise<string> {
  const table = new Table({ head: ['node', 'address', 'state', 'cluster size', 'position', 'agent'], style: { head: [], border: [] } })
  for (const node of demo.nodes) {
    const answer = await askAgent(gearPaths(node.gear).agentSocket, 'GET', '/status').catch(() => null)
    const report = answer === null ? null : (JSON.parse(answer) as StatusReport)
    const own = report?.nodes.find((one) => one.self)
    const memory = report === null ? 'not running' : `${Math.round(report.agentRssBytes / 1_048_576)} MiB`
    table.push([node.name, `${node.address}:3306`, own?.state ?? 'down', String(report?.clusterSize ?? 0), own?.position ?? '', memory])
  }
  return table.toString()
}
