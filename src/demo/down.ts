import { access } from 'node:fs/promises'
import { gearPaths } from '../gear/gear.ts'
import type { Demo } from './place.ts'
import { steps } from './up.ts'

/** Stops all nodes gracefully; the gears stay. */
export async function demoDown(demo: Demo, print: (text: string) => void): Promise<number> {
  const made = await Promise.all(demo.nodes.map(({ gear }) => access(gearPaths(gear).gearFile).then(() => true, () => false)))
  await steps('Stopping', { ...demo, nodes: demo.nodes.filter((_, at) => made[at]) }, (node) => demo.galeractl(node, ['stop']))
  print(`Stopped. The gears are kept in ${demo.shown}; remove the folder to start from nothing.`)
  return 0
}
