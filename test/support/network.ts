import { execFileSync } from 'node:child_process'

/** Hosts on this machine: a network namespace each, joined by a switch whose ports can be moved apart. */
export interface Network {
  /** IPv4 address of a host, 0 and up. */
  readonly address: (host: number) => string
  /** The command that runs another one on a host. */
  readonly enter: (host: number) => readonly string[]
  /** Hosts of one group see each other; a host that is in no group sees nobody. */
  readonly partition: (...groups: readonly (readonly number[])[]) => void
  /** All see each other. */
  readonly heal: () => void
  /** Limits what each host may send, as `80mbit`; null lifts it. */
  readonly limit: (rate: string | null) => void
  readonly [Symbol.dispose]: () => void
}

export function makeNetwork(size: number): Network {
  const hosts = Array.from({ length: size }, (_, host) => host)
  const space = (what: string | number) => `galeractl-${process.pid}-${what}`
  const inSwitch = (...args: string[]) => ip('-n', space('switch'), ...args)
  const plug = (host: number, group: number) => inSwitch('link', 'set', `port${host}`, 'master', `group${group}`)
  const network: Network = {
    address: (host) => `10.99.0.${host + 1}`,
    enter: (host) => ['ip', 'netns', 'exec', space(host)],
    partition: (...groups) => {
      for (const host of hosts) {
        const group = groups.findIndex((members) => members.includes(host))
        plug(host, group === -1 ? groups.length + host : group)
      }
    },
    heal: () => network.partition(hosts),
    limit: (rate) => {
      for (const host of hosts) {
        if (rate === null) tc('-n', space(host), 'qdisc', 'delete', 'dev', 'eth0', 'root')
        else tc('-n', space(host), 'qdisc', 'replace', 'dev', 'eth0', 'root', 'tbf', 'rate', rate, 'burst', '64kb', 'latency', '200ms')
      }
    },
    [Symbol.dispose]: () => {
      for (const name of ['switch', ...hosts]) ip('netns', 'delete', space(name))
    },
  }
  ip('netns', 'add', space('switch'))
  // As many groups as there are hosts, and one for each host that is cut off.
  for (const group of [...hosts, ...hosts.map((host) => size + host)]) {
    inSwitch('link', 'add', `group${group}`, 'type', 'bridge')
    inSwitch('link', 'set', `group${group}`, 'up')
  }
  for (const host of hosts) {
    const at = (...args: string[]) => ip('-n', space(host), ...args)
    ip('netns', 'add', space(host))
    inSwitch('link', 'add', `port${host}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space(host))
    inSwitch('link', 'set', `port${host}`, 'up')
    at('address', 'add', `${network.address(host)}/24`, 'dev', 'eth0')
    at('link', 'set', 'lo', 'up')
    at('link', 'set', 'eth0', 'up')
  }
  network.heal()
  return network
}

const ip = (...args: string[]) => run('ip', args)
const tc = (...args: string[]) => run('tc', args)

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
