import { join } from 'node:path'
import { commandAgent } from '../agent/control-client.ts'
import { agentEnding, ensureAgent } from '../agent/spawn-agent.ts'
import { derive } from '../config/secrets.ts'
import { OutsideError } from '../errors.ts'
import { isHistory } from '../galera/gtid.ts'
import type { Observation } from '../galera/observation.ts'
import { othersOf } from '../galera/peer-list.ts'
import { historyOf } from '../galera/replaced.ts'
import { configOf, type Gear, gearServerFiles } from '../gear/gear.ts'
import { lockGear } from '../gear/gear-lock.ts'
import type { UnfinishedRestore } from '../gear/unfinished-restore.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { clearDeadServer, findServer } from '../mariadb/server.ts'
import { readServerSettings } from '../mariadb/server-settings.ts'
import { askPeers } from '../peers/ask.ts'
import { signerOf } from '../peers/identity.ts'
import { began, type Tell } from '../system/progress.ts'
import { requireScope, type Scope, type Surroundings } from './restore-checks.ts'
import { requireExchangeable, swap } from './swap.ts'

/** Who restores means it to start now: later the others may have gone on. Where all others count as gone nobody can. Milliseconds. */
const STARTED_WITHIN = 3_600_000

export interface Exchanged {
  /** The new history. */
  readonly into: string
  readonly snapshot: string
  /** Peers that answered, and so take the restored state; those of them that stay stopped until somebody starts them. */
  readonly peers: readonly string[]
  readonly staying: readonly string[]
}

export interface ExchangeOptions extends Scope {
  readonly tell: Tell
  readonly signal: AbortSignal
}

/**
 * The last step of a restore: what runs on this gear is stopped, and the datadir is exchanged for the one that was made. An exchange that was cut off
 * goes on, whatever runs elsewhere.
 * @throws RefusedError as requireScope; OutsideError `still-running`
 */
export async function exchange(gear: Gear, restore: UnfinishedRestore, { tell, signal, ...scope }: ExchangeOptions): Promise<Exchanged> {
  const { paths } = gear
  signal.throwIfAborted()
  const restored = join(paths.restore, 'data')
  const { mariadbd } = await findMariadb(configOf(gear).mariadbBin)
  const settings = await readServerSettings(mariadbd, paths.config, signal)
  // Hours may have passed since it was last asked.
  const before = await look(gear)
  if (restore.done !== 'swapping') {
    requireScope(before, scope)
    await requireExchangeable(paths, settings, restored)
  }
  tell(began('stopping what runs on this gear'))
  await stopGear(gear)
  const { peers } = await look(gear)
  const replaces = [...before.peers, ...peers].flatMap((peer) => (peer.kind === 'silent' ? [] : [historyOf(peer)])).filter(isHistory)
  await using _agent = await lockGear(paths, 'an agent')
  if ((await findServer(gearServerFiles(paths))) !== null) throw new OutsideError('still-running', 'mariadbd was started again meanwhile', 'Stop whoever starts it, then run galeractl restore again: it goes on where it was.')
  tell(began('exchanging the datadir'))
  await swap(paths, configOf(gear), { ...restore, replaces: [...new Set([...restore.replaces, ...replaces])] }, { restored, settings, until: scope.without.includes('all') ? null : new Date(Date.now() + STARTED_WITHIN).toISOString() })
  return { into: restore.into, snapshot: restore.snapshot, peers: peers.filter(({ kind }) => kind !== 'silent').map(({ name }) => name), staying: peers.filter(isStaying).map(({ name }) => name) }
}

const isStaying = (peer: Observation): boolean => peer.kind === 'down' && peer.intent === 'stay'

export async function look(gear: Gear): Promise<Surroundings> {
  const config = configOf(gear)
  const others = othersOf(config.peers ?? [], config.own)
  const peers = await askPeers(others, { key: signerOf(derive(config.secret, 'agent-messages'), config.name), clusterName: config.clusterName, timeout: config.probeTimeout })
  return { running: (await findServer(gearServerFiles(gear.paths))) !== null, peers }
}

/** Agent and mariadbd, as `galeractl stop` does it. */
async function stopGear({ paths }: Gear): Promise<void> {
  if ((await findServer(gearServerFiles(paths))) !== null) await ensureAgent(paths)
  const ending = await agentEnding(paths)
  await commandAgent(paths.agentSocket, '/stop?timeout=&keep-agent=no', () => undefined)
  await ending()
  await clearDeadServer(gearServerFiles(paths))
}
