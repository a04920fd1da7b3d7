import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { type TestNode, makeCluster } from '../support/cluster.ts'
import { LONGEST } from './measure.ts'
import type { Contestant, Host, Peer } from './peer.ts'

/** The built executable; unattended, a host that comes up runs `galeractl start`. */
export const galeractl: Contestant = { name: 'galeractl', make }

async function make(net: number): Promise<Peer> {
  const cluster = await makeCluster(net, 3)
  const hosts = cluster.nodes.map(({ name, address, gear }) => ({ name, address, folder: gear }))
  const nodeOf = (host: Host) => cluster.nodes[hosts.findIndex(({ name }) => name === host.name)] as TestNode
  let account: { user: string; password: string; database: string } | undefined
  const powerOn = (some: readonly Host[]) => {
    for (const host of some) void cluster.run(nodeOf(host), 'start', '--timeout', String(LONGEST))
  }
  return {
    hosts,
    boot: async () => {
      powerOn(hosts)
      await Promise.resolve()
    },
    powerOn,
    cut: (some) => cluster.kill(some.map(nodeOf)),
    stop: async (host) => void (await cluster.must(nodeOf(host), 'stop')),
    wipe: async (host) => {
      rmSync(join(host.folder, 'data'), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
      await cluster.setup(nodeOf(host))
    },
    datadir: (host) => join(host.folder, 'data'),
    connect: async (host) => {
      account ??= await cluster.account(nodeOf(host))
      return createConnection({ socketPath: join(host.folder, 'run/mariadbd.sock'), ...account, connectTimeout: 5_000 })
    },
    // Its agents go on looking for a way until they are told to stop; by hand there is only to give nodes up.
    gaveUp: () => false,
    byOperator: async (some) => {
      const [first] = some
      const missing = hosts.filter((host) => !some.includes(host)).flatMap(({ name }) => ['--yes-lose', name])
      if (first !== undefined && missing.length > 0) await cluster.must(nodeOf(first), 'bootstrap', '--force', '--reason', 'it does not come back', ...missing)
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  }
}
