import type { Demo } from './place.ts'
import { steps } from './up.ts'

/** Stops all nodes gracefully; the gears stay. */
export async function demoDown(demo: Demo, print: (text: string) => void): Promise<number> {
  await steps('Stopping', demo, (node) => demo.galeractl(node, ['stop']))
  print(`Stopped. The gears are kept in ${demo.shown}; remove the folder to start from nothing.`)
  return 0
}
