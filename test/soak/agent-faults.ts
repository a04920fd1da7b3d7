import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { TestNode } from '../support/cluster.ts'
import { anyOf, type Fault, LONG, loseDisk } from './faults.ts'

/** What befalls agents, joiners and what lies in a gear, while servers serve. */
export const AGENT_FAULTS: Readonly<Record<string, Fault>> = {
  'the others stopped at once while an agent hangs': async (world) => {
    const [hanging, ...others] = world.random.shuffled(world.cluster.nodes) as [TestNode, ...TestNode[]]
    await whileItHangs(hanging, async () => {
      await Promise.all(others.map((one) => world.cluster.run(one, 'stop')))
      // They can't know what the silent one has done since: they wait, or join it.
      await Promise.all(others.map((one) => world.cluster.run(one, 'start', '--timeout', '8')))
    })
  },
  'the others killed while an agent hangs': async (world) => {
    const [hanging, ...others] = world.random.shuffled(world.cluster.nodes) as [TestNode, ...TestNode[]]
    await whileItHangs(hanging, async () => {
      world.cluster.kill(others)
      await Promise.all(others.map((one) => world.cluster.run(one, 'start', '--timeout', '8')))
    })
  },
  'a joiner is stopped during its state transfer': async (world) => {
    const node = anyOf(world)
    await loseDisk(world, node)
    const starting = world.cluster.run(node, 'start', '--timeout', '30')
    await delay(500 + world.random.below(3_000))
    await world.cluster.must(node, 'stop')
    await starting
  },
  'a joiner is killed during its state transfer': async (world) => {
    const node = anyOf(world)
    await loseDisk(world, node)
    const starting = world.cluster.run(node, 'start', '--timeout', '20')
    await delay(500 + world.random.below(3_000))
    world.cluster.kill([node])
    await starting
  },
  'the only one with data is stopped while another joins': async (world) => {
    const [last, joiner, ...others] = world.random.shuffled(world.cluster.nodes) as [TestNode, TestNode, ...TestNode[]]
    for (const one of [...others, joiner]) await world.cluster.must(one, 'stop')
    await delay(500)
    const starting = world.cluster.run(joiner, 'start', '--timeout', '20')
    await delay(300 + world.random.below(2_500))
    await world.cluster.must(last, 'stop')
    await starting
  },
  'a typo in conf.d of all and a power cut': async ({ cluster }) => {
    const typos = cluster.nodes.map((one) => join(one.gear, 'conf/conf.d/typo.cnf'))
    for (const typo of typos) writeFileSync(typo, '[mariadbd]\ninnodb_bufer_pool_size = 1G\n')
    cluster.kill(cluster.nodes)
    await Promise.all(cluster.nodes.map((one) => cluster.run(one, 'start', '--timeout', '12')))
    for (const typo of typos) rmSync(typo)
  },
  'one is killed, another process has the number of its dead transfer': async (world) => {
    const node = anyOf(world)
    world.cluster.kill([node])
    for (const name of ['wsrep_sst.pid', 'sst_in_progress']) writeFileSync(join(node.gear, 'data', name), name.endsWith('.pid') ? `${process.pid}\n` : '', { mode: 0o644 })
  },
  'power cut, the ledger of one is lost': async (world) => {
    const node = anyOf(world)
    world.cluster.kill(world.cluster.nodes)
    rmSync(join(node.gear, 'state/ledger.json'))
  },
}

/** `meanwhile` may take as long as it likes; the agent hangs for `LONG` at least. */
async function whileItHangs({ gear }: TestNode, meanwhile: () => Promise<void>): Promise<void> {
  const pid = Number(readFileSync(join(gear, 'run/agent.pid'), 'utf8').match(/\d+/)?.[0])
  process.kill(pid, 'SIGSTOP')
  try {
    await Promise.all([meanwhile(), delay(LONG)])
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}
