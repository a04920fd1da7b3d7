import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { makeCluster, type TestCluster } from '../support/cluster.ts'
import { pairs, type Row, time } from './measure.ts'

/** probe-timeout, milliseconds. */
const TIMEOUT = 1_000

/** Two histories among three stopped nodes: from `galeractl explain` to the refusal on the screen. The cluster is not of use afterwards. */
export async function refusalRow(rounds: number, cluster: TestCluster, tell: (text: string) => void): Promise<Row> {
  tell('a refusal')
  const [first, , third] = cluster.nodes
  if (first === undefined || third === undefined) throw new Error('no nodes')
  for (const node of cluster.nodes) await cluster.must(node, 'stop', '--keep-agent')
  await cluster.must(third, 'stop')
  await using other = await makeCluster(54, 1)
  const [stranger] = other.nodes
  if (stranger === undefined) throw new Error('no node')
  await other.must(stranger, 'start')
  await other.must(stranger, 'stop')
  const data = join(third.gear, 'data')
  renameSync(data, `${data}.own`)
  execFileSync('cp', ['-a', join(stranger.gear, 'data'), data])
  await cluster.run(third, 'start', '--timeout', '5')
  const explained = async () => {
    const { stdout } = await cluster.must(first, 'explain')
    if (!stdout.includes('Two histories')) throw new Error(`explain tells ${stdout}`)
  }
  return { what: 'a refusal explained', ...(await pairs(rounds, () => time(explained), async () => TIMEOUT)), against: 'one probe timeout', goal: 1 }
}
