import { openGear } from '../gear/gear.ts'
import { readIfExists } from '../system/files.ts'
import { ledgerSchema } from '../galera/ledger.ts'
import type { Demo } from './place.ts'
import { statusText } from './status.ts'
import { steps } from './up.ts'

/** Starts all gears at once, as a platform does after an outage, and prints what each decided and why. */
export async function demoResume(demo: Demo, print: (text: string) => void): Promise<number> {
  const started = performance.now()
  await steps('Starting', demo, (node) => demo.galeractl(node, ['start']), true)
  print(`\nAll Synced after ${((performance.now() - started) / 1000).toFixed(1)} s.`)
  for (const node of demo.nodes) {
    const text = await readIfExists((await openGear(node.gear)).paths.ledger)
    const decision = text === null ? undefined : ledgerSchema.parse(JSON.parse(text)).decisions.at(-1)
    if (decision === undefined) continue
    print(`\n${node.name} decided to ${decision.do} (rule ${decision.rule}): ${decision.reason}`)
    for (const line of decision.evidence) print(`    ${line}`)
  }
  print(`\n${await statusText(demo)}`)
  return 0
}
