import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { NIL, awaitServing, healthOf } from './health.ts'
import type { Ledger } from './ledger.ts'
import type { Host, Peer } from './peer.ts'

export interface World {
  readonly peer: Peer
  readonly ledger: Ledger
  readonly hosts: readonly [Host, Host, Host]
}

/** Hosts that come up together, `wait` seconds after the ones before; by index. */
export interface Arrival {
  readonly hosts: readonly number[]
  readonly wait: number
}

export interface Fault {
  readonly letter: string
  readonly title: string
  readonly damage: (world: World) => Promise<void>
  readonly arrivals: readonly Arrival[]
  /** false: an operator has done what is to be done within the damage. */
  readonly byHand?: false
}

const ALL: readonly Arrival[] = [{ hosts: [0, 1, 2], wait: 0 }]

/** Longer than Galera's `pc.wait_prim_timeout` of 30 s. Seconds. */
export const ABSENT = 60

/** How long nobody looks, milliseconds. */
const UNATTENDED = 10_000

/** What befalls a healthy cluster in which every node has applied everything, and how its hosts come back. */
export const FAULTS: readonly Fault[] = [
  { letter: 'a', title: 'power cut of all, all at the same position', arrivals: ALL, damage: async ({ peer, hosts }) => peer.cut(hosts) },
  { letter: 'b', title: 'stopped one after the other: n3, n2, n1, with writes between', arrivals: ALL, damage: stopInTurn },
  { letter: 'c', title: 'all stopped at the same moment', arrivals: ALL, damage: async ({ peer, hosts }) => void (await Promise.all(hosts.map((host) => peer.stop(host)))) },
  { letter: 'd', title: 'power cut of all, n3 acknowledged rows that n1 and n2 have not applied', arrivals: ALL, damage: cutWithTail },
  { letter: 'e', title: `as d, and n3 comes ${ABSENT} s after the others`, arrivals: [{ hosts: [0, 1], wait: 0 }, { hosts: [2], wait: ABSENT }], damage: cutWithTail },
  { letter: 'f', title: 'power cut of all, the datadir of n1 is lost', arrivals: ALL, damage: cutAndLoseDisk },
  { letter: 'g', title: 'power cut of all during a state transfer to n3 (nil UUID, safe_to_bootstrap: 1); n3 comes 3 s before the others', arrivals: [{ hosts: [2], wait: 0 }, { hosts: [0, 1], wait: 3 }], damage: cutDuringTransfer },
  { letter: 'h', title: 'power cut of n1 and n2, n3 stays up without quorum; they come 10 s later', arrivals: [{ hosts: [0, 1], wait: 0 }], damage: cutMajority },
  { letter: 'i', title: 'as d, and n3 does not come: a person has n1 and n2 go on without it, applications write, and then n3 comes', arrivals: [{ hosts: [2], wait: 0 }], damage: goOnWithout, byHand: false },
]

async function stopInTurn({ peer, ledger, hosts: [n1, n2, n3] }: World): Promise<void> {
  await peer.stop(n3)
  await ledger.write(n2, 3)
  await peer.stop(n2)
  await ledger.write(n1, 3)
  await peer.stop(n1)
}

async function cutWithTail({ peer, ledger, hosts }: World): Promise<void> {
  await ledger.tail(hosts[2], [hosts[0], hosts[1]], 5, () => peer.cut(hosts))
}

async function cutAndLoseDisk({ peer, hosts }: World): Promise<void> {
  peer.cut(hosts)
  await peer.wipe(hosts[0])
}

/** Cut while a donor sends; the state file is then set to what Galera writes for a transfer that did not end, so that the moment of the cut does not matter. */
async function cutDuringTransfer({ peer, hosts }: World): Promise<void> {
  const [n1, n2, n3] = hosts
  peer.cut([n3])
  await peer.wipe(n3)
  peer.powerOn([n3])
  for (const deadline = performance.now() + 60_000; ; ) {
    const states = await Promise.all([n1, n2].map((host) => healthOf(peer, host)))
    if (states.some((health) => health?.state.startsWith('Donor'))) break
    if (performance.now() > deadline) throw new Error('no state transfer to n3 was seen')
    await delay(10)
  }
  peer.cut(hosts)
  const file = join(peer.datadir(n3), 'grastate.dat')
  if (!existsSync(peer.datadir(n3))) throw new Error('n3 has no datadir')
  writeFileSync(file, `# GALERA saved state\nversion: 2.1\nuuid:    ${NIL}\nseqno:   -1\nsafe_to_bootstrap: 1\n`)
}

async function cutMajority({ peer, hosts: [n1, n2] }: World): Promise<void> {
  peer.cut([n1, n2])
  await delay(10_000)
}

/** More rows than the tail has, so that by its number n3 seems to be merely behind. */
const WRITTEN_WITHOUT = 20

async function goOnWithout(world: World): Promise<void> {
  const { peer, ledger, hosts: [n1, n2] } = world
  await cutWithTail(world)
  peer.powerOn([n1, n2])
  await delay(UNATTENDED)
  if (peer.byOperator === undefined) throw new Error('there is no way by hand')
  await peer.byOperator([n1, n2])
  if ((await awaitServing(peer, [n1, n2], ABSENT)) === null) throw new Error('n1 and n2 did not go on without n3')
  await ledger.write(n1, WRITTEN_WITHOUT)
}
