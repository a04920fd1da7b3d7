import type { Gvwstate } from '../../src/galera/gvwstate.ts'
import type { Launch } from '../../src/galera/observation.ts'
import { back, contains, type Entry, follow, uuidOf, Violation } from './history.ts'

/** The files of one node. */
export interface Disk {
  entry: Entry | null
  safeToBootstrap: boolean
  gvwstate: Gvwstate | null
}

export interface Server {
  readonly name: string
  readonly disk: Disk
  readonly mode: Launch
  readonly nodeUuid: string
  group: Group | null
  /** Merged although its data is not part of the group's: it must not stay. */
  forked: boolean
  readonly without: readonly string[]
}

/** Servers that see each other, primary or not. */
export interface Group {
  primary: boolean
  head: Entry
  /** The last primary view. */
  view: { readonly id: string; readonly seqno: bigint; readonly members: ReadonlyMap<string, string> }
  readonly members: Set<Server>
}

/** Galera as far as a manager can tell: groups, quorum, views, state transfer, and what is on disk after a crash. */
export class Galera {
  readonly servers = new Map<string, Server>()
  readonly groups = new Set<Group>()
  /** The newest acknowledged write. */
  acknowledged: Entry | null = null
  /** The newest view. */
  newest: Entry | null = null
  /** Names of the members of the last primary view there was. */
  newestMembers: readonly string[] = []
  /** Who was left behind by an operator's word or the policy. */
  readonly #left = new Set<string>()
  #numbers = 0
  #roots = 0
  readonly #reachable: (a: string, b: string) => boolean
  readonly #disks: () => readonly { readonly name: string; readonly disk: Disk }[]

  constructor(reachable: (a: string, b: string) => boolean, disks: () => readonly { readonly name: string; readonly disk: Disk }[]) {
    this.#reachable = reachable
    this.#disks = disks
  }

  /** `without`: who is left behind if this becomes primary by a bootstrap. */
  start(name: string, disk: Disk, mode: Launch, without: readonly string[] = []): void {
    if (mode !== 'reform') disk.gvwstate = null
    if (mode === 'bootstrap' && disk.entry !== null) disk.safeToBootstrap = true
    this.servers.set(name, { name, disk, mode, nodeUuid: disk.gvwstate?.myUuid ?? uuidOf(7, ++this.#numbers), group: null, forked: false, without })
  }

  /** SIGKILL: the disk may lack a tail, though only one that somebody else has. */
  kill(name: string, lag: number): void {
    const server = this.servers.get(name)
    if (server === undefined) return
    const { group } = server
    this.servers.delete(name)
    if (group === null) return
    group.members.delete(server)
    server.disk.entry = this.#isHeldElsewhere(group.head, server) ? back(group.head, lag) : group.head
    this.#regroup(group)
  }

  /** SIGTERM. */
  leave(name: string): void {
    const server = this.servers.get(name)
    if (server === undefined) return
    const { group, disk } = server
    this.servers.delete(name)
    disk.gvwstate = null
    if (group === null) return
    group.members.delete(server)
    disk.entry = group.head
    disk.safeToBootstrap = group.primary && group.members.size === 0
    if (group.members.size === 0) this.groups.delete(group)
    else if (group.primary) this.#install(group)
  }

  /** pc.bootstrap=YES; where the component is primary Galera ignores it. */
  repair(name: string, without: readonly string[]): void {
    const group = this.servers.get(name)?.group
    if (!group || group.primary) return
    this.#leaveBehind(without, group.head)
    this.#install(group)
  }

  write(group: Group): void {
    group.head = follow(group.head)
    if (!this.#isCounted(group)) return
    this.acknowledged = group.head
    this.newest = group.head
  }

  /** One server tries to become a member. */
  advance(server: Server): void {
    if (server.group !== null) return
    const primary = [...this.groups].find((group) => group.primary && this.#touches(group, server.name))
    if (server.mode === 'bootstrap') this.#bootstrap(server)
    else if (primary !== undefined) this.#enter(server, primary)
    else if (server.mode === 'reform') this.#reform(server)
  }

  /** The network changed. */
  reconnect(): void {
    for (const group of this.groups) this.#regroup(group)
    for (const group of this.groups) if (!group.primary) this.#merge(group)
  }

  /** Not where it was left behind: what only it holds, also what it acknowledges before its agent has looked, is lost by right. */
  counts(name: string): boolean {
    return !this.#left.has(name)
  }

  check(): void {
    const primary = [...this.groups].filter((group) => group.primary)
    if (primary.length > 1) throw new Violation(`two primary components: ${primary.map((group) => [...group.view.members.values()].join('+')).join(' and ')}`)
    const [only] = primary
    if (this.#roots > 1) throw new Violation('two histories were started')
    if (only !== undefined && this.acknowledged !== null && !contains(only.head, this.acknowledged)) throw new Violation(`acknowledged write ${this.acknowledged.seqno} is absent at ${only.head.seqno}`)
  }

  /** An operator or the policy goes on without these: what only they hold is lost by right. */
  #leaveBehind(names: readonly string[], from: Entry | null): void {
    for (const name of names) this.#left.add(name)
    if (names.length > 0 && this.newest !== null && from !== null && !contains(from, this.newest)) this.newest = from
    if (names.length > 0 && this.acknowledged !== null && from !== null && !contains(from, this.acknowledged)) this.acknowledged = from
  }

  #bootstrap(server: Server): void {
    this.#leaveBehind(server.without, server.disk.entry)
    if (server.disk.entry === null) this.#roots++
    const head = server.disk.entry ?? { history: uuidOf(1, this.#roots), seqno: 0n, parent: null }
    this.#form([server], head)
  }

  #reform(server: Server): void {
    const own = server.disk.gvwstate
    if (own === null) return
    const ready = [...this.servers.values()].filter((one) => own.members.includes(one.nodeUuid) && this.#reachable(one.name, server.name) && (one.group === null ? one.mode === 'reform' && one.disk.gvwstate?.viewId === own.viewId : !one.group.primary))
    if (ready.length < own.members.length) return
    const entries = ready.flatMap((one) => one.group?.head ?? one.disk.entry ?? [])
    const head = entries.reduce((top, entry) => (entry.seqno > top.seqno ? entry : top))
    for (const entry of entries) if (!contains(head, entry)) throw new Violation('different data was merged')
    for (const one of ready) if (one.group !== null) this.#part(one)
    this.#form(ready, head)
  }

  #form(servers: readonly Server[], head: Entry): void {
    const group: Group = { primary: true, head, view: { id: '', seqno: 0n, members: new Map() }, members: new Set(servers) }
    this.groups.add(group)
    for (const server of servers) server.group = group
    this.#install(group)
  }

  #part(server: Server): void {
    server.group?.members.delete(server)
    if (server.group?.members.size === 0) this.groups.delete(server.group)
    server.group = null
  }

  #enter(server: Server, group: Group): void {
    const entry = server.group?.head ?? server.disk.entry
    if (entry !== null && !contains(group.head, entry)) {
      // A running server is merged by Galera itself before any agent may look.
      if (server.group === null || this.counts(server.name)) throw new Violation(`${server.name} joined with a fork at ${entry.seqno}`)
      server.forked = true
    }
    if (server.group === null) this.#left.delete(server.name)
    this.#part(server)
    group.members.add(server)
    server.group = group
    this.#install(group)
  }

  /** A new primary view: it takes a seqno, and every member writes its files. */
  #install(group: Group): void {
    group.primary = true
    group.head = follow(group.head)
    const members = new Map([...group.members].map((member) => [member.nodeUuid, member.name]))
    if (this.#isCounted(group)) {
      this.newest = group.head
      this.newestMembers = [...members.values()]
    }
    group.view = { id: `view/${++this.#numbers}`, seqno: group.head.seqno, members }
    for (const { disk, nodeUuid } of group.members) {
      disk.entry = group.head
      disk.safeToBootstrap = members.size === 1
      disk.gvwstate = { myUuid: nodeUuid, viewId: group.view.id, members: [...members.keys()].toSorted() }
    }
    this.check()
  }

  /** Splits a group where its members no longer see each other; quorum decides which part stays primary. */
  #regroup(group: Group): void {
    const [first] = group.members
    if (first === undefined) {
      this.groups.delete(group)
      return
    }
    const apart = [...group.members].filter((member) => !this.#reachable(member.name, first.name))
    const size = group.members.size
    if (apart.length > 0) {
      const other: Group = { ...group, members: new Set(apart) }
      for (const member of apart) {
        group.members.delete(member)
        member.group = other
      }
      this.groups.add(other)
      for (const part of [other, group]) part.primary &&= part.members.size * 2 > size
      if (other.primary) this.#install(other)
    }
    group.primary &&= group.members.size * 2 > group.view.members.size
    if (group.primary && group.members.size !== group.view.members.size) this.#install(group)
  }

  #merge(group: Group): void {
    const [first] = group.members
    if (first === undefined) return
    const others = [...this.groups].filter((other) => other !== group && this.#touches(other, first.name))
    const primary = others.find((other) => other.primary)
    if (primary !== undefined) {
      for (const member of group.members) this.#enter(member, primary)
      return
    }
    for (const other of others.filter(({ view }) => view.id === group.view.id)) {
      for (const member of other.members) {
        group.members.add(member)
        member.group = group
      }
      this.groups.delete(other)
    }
    if (group.members.size === group.view.members.size) this.#install(group)
  }

  #isCounted(group: Group): boolean {
    return [...group.members].some(({ name }) => this.counts(name))
  }

  #touches(group: Group, name: string): boolean {
    return [...group.members].some((member) => this.#reachable(member.name, name))
  }

  #isHeldElsewhere(head: Entry, but: Server): boolean {
    const live = [...this.groups].some((group) => [...group.members].some(({ name }) => this.counts(name)) && contains(group.head, head))
    return live || this.#disks().some(({ name, disk }) => name !== but.name && this.counts(name) && !this.servers.has(name) && disk.entry !== null && contains(disk.entry, head))
  }
}
