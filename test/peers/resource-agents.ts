import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent } from './agent.ts'
import { Attributes } from './attributes.ts'
import { DebianHosts, clusterOf, connectAsRoot, datadir, killUnder } from './debian-hosts.ts'
import { ManagedNode } from './managed-node.ts'
import type { Contestant, Host, Peer } from './peer.ts'

/** The galera agent under a loop that plays pacemaker: three hosts, quorum of two, fencing taken as done. */
export const resourceAgents: Contestant = { name: 'resource-agents galera', make }

async function make(net: number): Promise<Peer> {
  const debian = new DebianHosts(net)
  const attributes = new Attributes(join(debian.folder, 'attributes'))
  let members = debian.cluster
  const nodes = debian.all.map((host) => new ManagedNode(host, new Agent(debian, host, attributes.folder, () => members), attributes))
  const nodeOf = (host: Host) => nodes[debian.all.indexOf(host)] as ManagedNode
  const ended = new AbortController()
  const playing = play(nodes, ended.signal)
  const powerOn = (hosts: readonly Host[]) => {
    members = debian.cluster
    for (const host of hosts) nodeOf(host).powerOn()
  }
  const cut = (hosts: readonly Host[]) => {
    for (const host of hosts) nodeOf(host).cut()
    killUnder(hosts)
  }
  return {
    hosts: debian.all,
    boot: async () => powerOn(debian.all),
    powerOn,
    cut,
    stop: async (host) => {
      const node = nodeOf(host)
      node.standby = true
      for (const deadline = performance.now() + 120_000; node.role !== 'stopped'; ) {
        if (performance.now() > deadline) throw new Error(`${host.name} did not stop`)
        await delay(100)
      }
    },
    wipe: async (host) => debian.install(host),
    datadir,
    connect: connectAsRoot,
    // The agent waits for the position of every node that its parameter names, so that one who does not come back is taken out of it.
    byOperator: async (hosts) => {
      if (hosts.length < debian.all.length) members = clusterOf(hosts)
      await Promise.resolve()
    },
    gaveUp: () => nodes.every((node) => !node.up || node.role === 'banned'),
    [Symbol.asyncDispose]: async () => {
      ended.abort()
      cut(debian.all)
      await playing
      debian[Symbol.dispose]()
    },
  }
}

/** One transition after the other, as pacemaker has them: all actions that are due run at the same moment, and the next look comes when the last has ended. Without quorum everything is stopped (no-quorum-policy=stop). */
async function play(nodes: readonly ManagedNode[], ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const quorum = nodes.filter(({ up }) => up).length * 2 > nodes.length
    const actions = nodes.flatMap((node) => node.due(quorum) ?? [])
    await Promise.all(actions.map((action) => action()))
    if (actions.length === 0) await delay(100)
  }
}
