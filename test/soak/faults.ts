import { rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestCluster, TestNode } from '../support/cluster.ts'
import type { Network } from '../support/network.ts'
import type { Random } from '../simulation/random.ts'

/** What befalls a running cluster in one round. Afterwards every node is told to start. */
export type Fault = (world: World) => Promise<void>

export interface World {
  readonly cluster: TestCluster
  readonly network: Network
  readonly random: Random
}

/** How long a cut or a hang lasts: longer than Galera's suspect timeout of 5 s. Milliseconds. */
const LONG = 7_000

const anyOf = ({ cluster, random }: World): TestNode => random.pick(cluster.nodes) as TestNode
const atOf = (world: World, node: TestNode) => world.cluster.nodes.indexOf(node)
const stop = (world: World, node: TestNode) => world.cluster.must(node, 'stop')

export const FAULTS: Readonly<Record<string, Fault>> = {
  'power cut of all': async ({ cluster }) => cluster.kill(cluster.nodes),
  'power cut of two': async (world) => world.cluster.kill(world.random.shuffled(world.cluster.nodes).slice(1)),
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
  'one disk is lost': async (world) => {
    const node = anyOf(world)
    world.cluster.kill([node])
    rmSync(join(node.gear, 'data'), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    await world.cluster.setup(node)
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
  'one is cut off': async (world) => {
    const at = atOf(world, anyOf(world))
    world.network.partition([0, 1, 2].filter((host) => host !== at))
    await delay(LONG)
    world.network.heal()
  },
  'all are cut off': async (world) => {
    world.network.partition()
    await delay(LONG)
    world.network.heal()
  },
  'all are cut off and one is killed': async (world) => {
    world.network.partition()
    await delay(LONG)
    world.cluster.kill([anyOf(world)])
    world.network.heal()
  },
  'the network flaps': async (world) => {
    for (let times = 0; times < 6; times++) {
      world.network.partition([world.random.below(3)])
      await delay(world.random.below(1_500))
      world.network.heal()
      await delay(world.random.below(1_500))
    }
  },
}
