import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DebianHosts, configuration, connectAsRoot, datadir, killUnder } from './debian-hosts.ts'
import { NIL, awaitServing } from './health.ts'
import { LONGEST } from './measure.ts'
import type { Contestant, Host, Peer } from './peer.ts'
import { DATABASE_USER, Service } from './service.ts'

/** Debian's packages alone: at boot, each host runs `galera_recovery` and mariadbd with what it printed. */
export const stock: Contestant = { name: 'galera_recovery + galera_new_cluster', make }

async function make(net: number): Promise<Peer> {
  const debian = new DebianHosts(net)
  const services = new Map(debian.all.map((host) => [host.name, new Service(host)]))
  const serviceOf = (host: Host) => services.get(host.name) as Service
  const cut = (hosts: readonly Host[]) => {
    for (const host of hosts) serviceOf(host).cut()
    killUnder(hosts)
  }
  const bootstrap = async (first: Host, hosts: readonly Host[]) => {
    serviceOf(first).start('--wsrep-new-cluster')
    if ((await awaitServing(peer, [first], LONGEST)) === null) throw new Error(`${first.name} did not serve after galera_new_cluster`)
    for (const host of hosts) if (host !== first) serviceOf(host).start()
  }
  const peer: Peer = {
    hosts: debian.all,
    boot: async () => {
      const [first] = debian.all
      if (first !== undefined) await bootstrap(first, debian.all)
    },
    powerOn: (hosts) => {
      for (const host of hosts) serviceOf(host).start()
    },
    cut,
    stop: (host) => serviceOf(host).stop(),
    wipe: async (host) => debian.install(host),
    datadir,
    connect: connectAsRoot,
    gaveUp: () => debian.all.every((host) => !serviceOf(host).alive),
    byOperator: async (hosts) => {
      await Promise.all(hosts.map((host) => serviceOf(host).stop()))
      const first = await mostAdvanced(hosts)
      allowBootstrap(first)
      await bootstrap(first, hosts)
    },
    [Symbol.asyncDispose]: async () => {
      cut(debian.all)
      debian[Symbol.dispose]()
    },
  }
  return peer
}

/** By the documentation: the node that says `safe_to_bootstrap: 1`, else the highest recovered seqno. This operator passes over a nil UUID. */
async function mostAdvanced(hosts: readonly Host[]): Promise<Host> {
  const marked = hosts.find((host) => /^safe_to_bootstrap: 1$/m.test(stateFile(host)) && !stateFile(host).includes(NIL))
  if (marked !== undefined) return marked
  const seqnos = await Promise.all(hosts.map(async (host) => ({ host, seqno: await recoveredSeqno(host) })))
  return seqnos.reduce((best, one) => (one.seqno > best.seqno ? one : best)).host
}

async function recoveredSeqno(host: Host): Promise<bigint> {
  const { stdout } = await promisify(execFile)('/usr/bin/galera_recovery', [`--defaults-file=${configuration(host)}`], { ...DATABASE_USER, encoding: 'utf8', cwd: '/' })
  return BigInt(/--wsrep_start_position=[0-9a-f-]+:(-?\d+)/.exec(stdout)?.[1] ?? -1)
}

/** Galera refuses `--wsrep-new-cluster` on a node marked 0; the documentation has the file edited. */
function allowBootstrap(host: Host): void {
  const before = stateFile(host)
  if (before !== '') writeFileSync(join(datadir(host), 'grastate.dat'), before.replace('safe_to_bootstrap: 0', 'safe_to_bootstrap: 1'))
}

function stateFile(host: Host): string {
  try {
    return readFileSync(join(datadir(host), 'grastate.dat'), 'utf8')
  } catch {
    return ''
  }
}
