import Table from 'cli-table3'
import { askAgent } from '../agent/control-client.ts'
import type { StatusReport } from '../agent/status-report.ts'
import { gearPaths } from '../gear/gear.ts'
import { EXIT } from '../errors.ts'
import type { Demo } from './place.ts'

/** 0 where all three are Synced, else 5. */
export async function demoStatus(demo: Demo, print: (text: string) => void): Promise<number> {
  print(await statusText(demo))
  return (await demoRows(demo)).every((row) => row.state === 'Synced') ? EXIT.done : EXIT.outside
}

interface DemoRow {
  readonly name: string
  readonly address: string
  readonly state: string
  readonly clusterSize: number
  readonly position: string
  readonly agentRssBytes: number | null
}

/** All three nodes, as each tells of itself. */
export async function demoRows(demo: Demo): Promise<readonly DemoRow[]> {
  return Promise.all(demo.nodes.map(async (node) => {
    const answer = await askAgent(gearPaths(node.gear).agentSocket, 'GET', '/status').catch(() => null)
    const report = answer === null ? null : (JSON.parse(answer) as StatusReport)
    const own = report?.nodes.find((one) => one.self)
    return { name: node.name, address: `${node.address}:3306`, state: own?.state ?? 'down', clusterSize: report?.clusterSize ?? 0, position: own?.position ?? '', agentRssBytes: report?.agentRssBytes ?? null }
  }))
}

export async function statusText(demo: Demo): Promise<string> {
  const table = new Table({ head: ['node', 'address', 'state', 'cluster size', 'position', 'agent'], style: { head: [], border: [] } })
  for (const row of await demoRows(demo)) {
    const memory = row.agentRssBytes === null ? 'not running' : `${Math.round(row.agentRssBytes / 1_048_576)} MiB`
    table.push([row.name, row.address, row.state, String(row.clusterSize), row.position, memory])
  }
  return table.toString()
}
