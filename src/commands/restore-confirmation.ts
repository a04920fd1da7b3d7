import { RefusedError } from '../errors.ts'
import { describeObservation } from '../galera/observation.ts'
import type { Surroundings } from '../recovery/restore-checks.ts'
import { ask } from '../system/ask.ts'
import { tellPeople } from '../system/screen.ts'

/** The operator names the cluster whose data is replaced: by --yes, or typed at a terminal. `what`: a sentence. @throws RefusedError `not-confirmed` */
export async function confirmRestore(what: string, cluster: string, { running, peers }: Surroundings, goesOnAfter: string | null, yes: string | undefined): Promise<void> {
  const lines = [
    what,
    `It replaces what cluster ${cluster} holds: on this node${peers.length === 0 ? '' : ` and on ${peers.map(({ name }) => name).join(', ')}`}. What was written since is no longer in the cluster.`,
    'Datadirs of before are moved aside and kept (galeractl rescued).',
    ...(running ? ['mariadbd is stopped here when everything is ready.'] : []),
    ...(goesOnAfter === null ? [] : [`An earlier run was interrupted; this one goes on after the step "${goesOnAfter}".`]),
    ...peers.map((peer) => `  - ${describeObservation(peer)}`),
  ]
  tellPeople(lines.join('\n'))
  if (yes === cluster) return
  const refused = (why: string) => new RefusedError('not-confirmed', why, `Run it again with --yes ${cluster}.`)
  if (yes !== undefined) throw refused(`--yes ${JSON.stringify(yes.slice(0, 80))} is not the name of this cluster, ${cluster}: nothing was done`)
  const typed = process.stdin.isTTY ? await ask(`Type ${cluster} to replace its data: `) : null
  if (typed === null) throw refused(`not confirmed: the data of cluster ${cluster} would be replaced`)
  if (typed.trim() !== cluster) throw refused(`${JSON.stringify(typed.slice(0, 80))} is not ${cluster}: nothing was done`)
}
