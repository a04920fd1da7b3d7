import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestCluster, TestNode } from '../support/cluster.ts'
import type { Random } from '../simulation/random.ts'

/** What befalls a running cluster in one round. Afterwards every node is told to start. */
export type Fault = (world: World) => Promise<void>

export interface World {
  readonly cluster: TestCluster
  readonly random: Random
}

/** How long a cut or a hang lasts: longer than Galera's suspect timeout of 5 s. Milliseconds. */
export const LONG = 7_000

export const anyOf = ({ cluster, random }: World): TestNode => random.pick(cluster.nodes) as TestNode

/** Its data; its ledger stays. */
export async function loseDisk({ cluster }: World, node: TestNode): Promise<void> {
  cluster.kill([node])
  rmSync(join(node.gear, 'data'), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  await cluster.setup(node)
}

const stop = (world: World, node: TestNode) => world.cluster.must(node, 'stop')

export const FAULTS: Readonly<Record<string, Fault>> = {
  'power cut of all': async ({ cluster }) => cluster.kill(cluster.nodes),
  'power cut of all but one': async (world) => world.cluster.kill(world.random.shuffled(world.cluster.nodes).slice(1)),
  'mariadbd of one is killed': async (world) => world.cluster.kill([anyOf(world)], 'server'),
  'agents of all are killed': async ({ cluster }) => cluster.kill(cluster.nodes, 'agent'),
  'power cut during a stop of all': async ({ cluster, random }) => {
    const stopping = cluster.nodes.map((node) => cluster.run(node, 'stop'))
    await delay(random.below(400))
    cluster.kill(cluster.nodes)
    await Promise.all(stopping)
  },
  'power cut during a start of all': async (world) => {
    const { cluster, random } = world
    cluster.kill(cluster.nodes)
    const starting = cluster.nodes.map((node) => cluster.run(node, 'start', '--timeout', '20'))
    await delay(500 + random.below(3_000))
    cluster.kill(cluster.nodes)
    await Promise.all(starting)
  },
  'all stopped one after the other': async (world) => {
    for (const node of world.random.shuffled(world.cluster.nodes)) await stop(world, node)
  },
  'all stopped at once': async (world) => void (await Promise.all(world.cluster.nodes.map((node) => stop(world, node)))),
  'one restarted': async (world) => void (await world.cluster.must(anyOf(world), 'restart')),
  'one hangs': async (world) => {
    const pid = world.cluster.serverPid(anyOf(world))
    process.kill(pid, 'SIGSTOP')
    await delay(LONG)
    process.kill(pid, 'SIGCONT')
  },
  'one disk is lost': async (world) => loseDisk(world, anyOf(world)),
  'power cut during a state transfer': async (world) => {
    const node = anyOf(world)
    await loseDisk(world, node)
    const starting = world.cluster.run(node, 'start', '--timeout', '20')
    await delay(500 + world.random.below(2_500))
    world.cluster.kill(world.cluster.nodes)
    await starting
  },
  'power cut during DDL': async (world) => {
    const alter = 'ALTER TABLE altered ENGINE=InnoDB, FORCE;'
    const altering = world.cluster.asRoot(anyOf(world), `CREATE OR REPLACE TABLE app.altered AS SELECT seq FROM seq_1_to_20000; USE app; ${alter.repeat(200)}`)
    await delay(300 + world.random.below(700))
    world.cluster.kill(world.cluster.nodes)
    await altering
  },
  'power cut during FLUSH TABLES WITH READ LOCK': async (world) => {
    const holding = world.cluster.asRoot(anyOf(world), 'FLUSH TABLES WITH READ LOCK; SELECT SLEEP(60)')
    await delay(200 + world.random.below(500))
    world.cluster.kill(world.cluster.nodes)
    await holding
  },
  'power cut, state files torn on one': async (world) => {
    const node = anyOf(world)
    world.cluster.kill(world.cluster.nodes)
    truncateSync(join(node.gear, 'data/grastate.dat'), 30)
  },
  'power cut, gvwstate.dat empty on one': async (world) => {
    const node = anyOf(world)
    world.cluster.kill(world.cluster.nodes)
    writeFileSync(join(node.gear, 'data/gvwstate.dat'), '')
  },
}
