import { setTimeout as delay } from 'node:timers/promises'
import type { Fault, World } from './faults.ts'
import { type Health, NIL, awaitServing, healthOf, serves } from './health.ts'
import { Ledger } from './ledger.ts'
import type { Contestant, Host, Peer } from './peer.ts'

/** How long a tool may take by itself, counted from the last host's arrival; seconds. */
export const LONGEST = 150

/** What one tool made of one fault. */
export interface Outcome {
  readonly back: 'yes' | 'yes, with operator' | 'no'
  /** null: no node serves. */
  readonly oneHistory: boolean | null
  /** Acknowledged rows that at least one serving node lacks; null: no node serves. */
  readonly lost: number | null
  /** From the last host's arrival until all three serve, or, where an operator was needed, from the operator's first command; null: never. */
  readonly seconds: number | null
  /** How long it was given by itself before it had given up, seconds; null: it came back. */
  readonly waited: number | null
  /** Hosts that served before the last ones arrived. */
  readonly wentOn: readonly string[]
}

/** A new cluster, the fault, the hosts' return, and a look at what is there. */
export async function measure(contestant: Contestant, fault: Fault, net: number): Promise<Outcome> {
  await using peer = await contestant.make(net)
  const [n1, n2, n3] = peer.hosts
  if (n1 === undefined || n2 === undefined || n3 === undefined) throw new Error('three hosts are needed')
  const ledger = new Ledger(peer)
  const world: World = { peer, ledger, hosts: [n1, n2, n3] }
  await peer.boot()
  if ((await awaitServing(peer, peer.hosts, LONGEST)) === null) throw new Error('the new cluster did not come up')
  await ledger.create(n1)
  for (const host of peer.hosts) await ledger.write(host, 5)
  for (const host of peer.hosts) await ledger.idsOn(host)
  await fault.damage(world)
  const wentOn = await arrive(world, fault)
  const from = performance.now()
  const alone = await awaitServing(peer, peer.hosts, LONGEST)
  const waited = alone === null ? (performance.now() - from) / 1000 : null
  const byHand = alone === null && fault.byHand !== false && peer.byOperator !== undefined ? await operate(world, peer.byOperator) : null
  const back = alone !== null ? 'yes' : byHand !== null ? 'yes, with operator' : 'no'
  return { back, seconds: alone ?? byHand, waited, wentOn, ...(await look(world)) }
}

/** The hosts come up one group after the other. Where some serve before all are there, applications write to them. */
async function arrive({ peer, ledger, hosts }: World, fault: Fault): Promise<readonly string[]> {
  const wentOn: string[] = []
  for (const arrival of fault.arrivals) {
    await delay(arrival.wait * 1000)
    if (arrival.wait > 0) {
      const serving = await servingOf(peer.hosts.map(async (host) => ({ host, health: await healthOf(peer, host) })))
      wentOn.push(...serving.map(({ host }) => host.name))
      const [first] = serving
      if (first !== undefined) await ledger.write(first.host, 3).catch(() => undefined)
    }
    peer.powerOn(arrival.hosts.map((at) => hosts[at] as Host))
  }
  return wentOn
}

/** Seconds that the documented way by hand took; null: all was done, and it does not serve. */
async function operate({ peer }: World, byOperator: NonNullable<Peer['byOperator']>): Promise<number | null> {
  const from = performance.now()
  try {
    await byOperator(peer.hosts)
  } catch (error) {
    process.stdout.write(`    by hand: ${error instanceof Error ? error.message : String(error)}\n`)
    return null
  }
  return (await awaitServing(peer, peer.hosts, LONGEST)) === null ? null : (performance.now() - from) / 1000
}

async function look({ peer, ledger }: World): Promise<Pick<Outcome, 'oneHistory' | 'lost'>> {
  const serving = await servingOf(peer.hosts.map(async (host) => ({ host, health: await healthOf(peer, host) })))
  if (serving.length === 0) return { oneHistory: null, lost: null }
  const ids = await Promise.all(serving.map(({ host }) => ledger.idsOn(host)))
  const uuids = new Set(serving.map(({ health }) => health.uuid))
  const together = serving.every(({ health }) => health.size === serving.length)
  const equal = new Set(ids.map((some) => [...some].toSorted((a, b) => a - b).join())).size === 1
  return { oneHistory: uuids.size === 1 && !uuids.has(NIL) && together && equal, lost: [...ledger.acknowledged].filter((id) => ids.some((some) => !some.has(id))).length }
}

async function servingOf(asked: readonly Promise<{ host: Host; health: Health | null }>[]): Promise<readonly { host: Host; health: Health }[]> {
  return (await Promise.all(asked)).flatMap(({ host, health }) => (serves(health) ? [{ host, health }] : []))
}
