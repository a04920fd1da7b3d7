import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { makeCluster } from '../support/cluster.ts'
import { makeNetwork } from '../support/network.ts'
import { Random } from '../simulation/random.ts'
import { AGENT_FAULTS } from './agent-faults.ts'
import { type Fault, FAULTS, type World } from './faults.ts'
import { NETWORK_FAULTS } from './network-faults.ts'
import { Writers, verify } from './writers.ts'

/** `npm run soak -- --rounds N --seed S --nodes 3`: random faults on three real nodes, or more, with writers on all; a table at the end. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, nodes: { type: 'string', default: '3' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } } })
const rounds = Number(values.rounds)
const seed = Number(values.seed)
const size = Number(values.nodes)
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed) || !Number.isInteger(size) || size < 3) throw new Error('--rounds, --seed and --nodes are whole numbers, rounds above 0, nodes above 2')

/** The longest that a cluster may take to be whole again, seconds. */
const LONGEST = 180

const random = new Random(seed)
const network = makeNetwork(size)
const cluster = await makeCluster(0, size, { network })
const world: World = { cluster, random }
const faults: readonly (readonly [string, Fault])[] = [...Object.entries(FAULTS), ...Object.entries(AGENT_FAULTS), ...Object.entries(NETWORK_FAULTS).map(([name, fault]) => [name, () => fault(world, network)] as const)]
const seconds = new Map<string, number[]>()
const failed: string[] = []
process.stdout.write(`${rounds} rounds, ${size} nodes, seed ${seed}\n`)
try {
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  const writers = await Writers.start(cluster)
  for (let round = 1; round <= rounds; round++) {
    const [name, fault] = random.pick(faults) ?? []
    if (name === undefined || fault === undefined) break
    await fault(world)
    const from = performance.now()
    const results = await Promise.all(cluster.nodes.map((node) => cluster.run(node, 'start', '--timeout', String(LONGEST))))
    const took = (performance.now() - from) / 1000
    const wrong = results.some((one) => one.exitCode !== 0) ? results.map((one) => `${one.exitCode} ${one.stderr.trim().split('\n').at(-1)}`).join(' | ') : await verify(cluster, writers, LONGEST)
    seconds.set(name, [...(seconds.get(name) ?? []), took])
    if (wrong !== null) failed.push(`round ${round} (${name}): ${wrong}`)
    process.stdout.write(`${String(round).padStart(4)}  ${name.padEnd(66)} ${took.toFixed(1).padStart(6)} s  ${wrong === null ? `${writers.acknowledged} acknowledged writes there` : `FAILED: ${wrong}`}\n`)
    if (wrong !== null) break
  }
  await writers.stop()
  const unequal = failed.length === 0 ? await verify(cluster, writers, LONGEST, true) : null
  if (unequal !== null) failed.push(`at the end: ${unequal}`)
} finally {
  if (failed.length === 0) await cluster[Symbol.asyncDispose]()
  else {
    cluster.kill(cluster.nodes)
    process.stdout.write(`the gears are kept for a look: ${cluster.folder}\n`)
  }
  network[Symbol.dispose]()
}
const table = new Table({ head: ['fault', 'rounds', 'back after (median s)', 'longest s'], style: { head: [], border: [] } })
for (const [name, all] of [...seconds].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  const sorted = all.toSorted((a, b) => a - b)
  table.push([name, String(all.length), (sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1), (sorted.at(-1) ?? 0).toFixed(1)])
}
process.stdout.write(`${table.toString()}\n${failed.length === 0 ? 'no acknowledged write lost, one history throughout' : failed.join('\n')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
