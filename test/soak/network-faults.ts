import { setTimeout as delay } from 'node:timers/promises'
import type { Network } from '../support/network.ts'
import { anyOf, LONG, type World } from './faults.ts'

/** What befalls the links between the hosts. */
export const NETWORK_FAULTS: Readonly<Record<string, (world: World, network: Network) => Promise<void>>> = {
  'one is cut off': async (world, network) => {
    const at = world.cluster.nodes.indexOf(anyOf(world))
    network.partition([...world.cluster.nodes.keys()].filter((host) => host !== at))
    await delay(LONG)
    network.heal()
  },
  'all are cut off': async (_world, network) => {
    network.partition()
    await delay(LONG)
    network.heal()
  },
  'all are cut off and one is killed': async (world, network) => {
    network.partition()
    await delay(LONG)
    world.cluster.kill([anyOf(world)])
    network.heal()
  },
  'the network flaps': async (world, network) => {
    for (let times = 0; times < 6; times++) {
      network.partition([world.random.below(world.cluster.nodes.length)])
      await delay(world.random.below(1_500))
      network.heal()
      await delay(world.random.below(1_500))
    }
  },
}
