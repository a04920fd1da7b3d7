import type { Launch } from '../../src/galera/observation.ts'
import { isSameNode } from '../../src/galera/view.ts'
import { beginTransfer, type Disk, type Group, hasState, isComplete, isPrimary, nextIncarnation, type Server, settleFiles, soleComponent, touches, weightOf } from './galera-group.ts'
import { back, contains, type Entry, follow, uuidOf, Violation } from './history.ts'

/**
 * Galera as far as a manager can see it: groups, quorum by weight, views, state transfers that take time and can be cut,
 * and what is on disk after a crash. A group is primary as its communication layer sees it; where no member has a
 * complete state, the members are not, and pc.bootstrap is not heeded ("No node with complete state").
 */
export class Galera {
  readonly servers = new Map<string, Server>()
  readonly groups = new Set<Group>()
  /** The newest acknowledged write. */
  acknowledged: Entry | null = null
  /** The newest view. */
  newest: Entry | null = null
  /** Names of the members of the last primary view there was. */
  newestMembers: readonly string[] = []
  /** Changes with whatever an agent may see. */
  version = 0
  /** Who was left behind by an override or the policy. */
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
  start(name: string, disk: Disk, mode: Launch, weight: number, without: readonly string[] = []): Server {
    if (this.servers.has(name)) throw new Violation(`a second server was started on the data of ${name}`)
    if (mode !== 'reform') disk.gvwstate = null
    if (mode === 'bootstrap' && disk.entry !== null) disk.safeToBootstrap = true
    disk.clean = false
    // Each start that reads the file counts its own UUID up; the members stay as they were [ran].
    if (disk.gvwstate !== null) disk.gvwstate = { ...disk.gvwstate, myUuid: nextIncarnation(disk.gvwstate.myUuid) }
    const server: Server = {
      name, disk, mode, pid: ++this.#numbers, nodeUuid: disk.gvwstate?.myUuid ?? uuidOf(7, ++this.#numbers), weight, group: null,
      transfer: 0, whole: false, donor: null, forked: false, without,
    }
    this.servers.set(name, server)
    this.version++
    return server
  }

  /** SIGKILL: the disk may lack a tail, though only one that somebody else has. */
  kill(name: string, lag: number): void {
    const server = this.servers.get(name)
    if (server === undefined) return
    const { group } = server
    this.#remove(server)
    if (group === null) return
    if (isComplete(server)) server.disk.entry = this.#isHeldElsewhere(group.head, server) ? back(group.head, lag) : group.head
    group.members.delete(server)
    this.#regroup(group)
    this.#cutTransfers(server)
  }

  /** SIGTERM. @returns whether it ended by itself: a server that has not its state yet has to be killed */
  leave(name: string): boolean {
    const server = this.servers.get(name)
    if (server === undefined) return true
    if (!isComplete(server)) {
      this.kill(name, 0)
      return false
    }
    const { group, disk } = server
    this.#remove(server)
    disk.gvwstate = null
    if (group === null) return true
    group.members.delete(server)
    disk.entry = group.head
    disk.clean = true
    disk.safeToBootstrap = isPrimary(group) && group.members.size === 0
    if (group.members.size === 0) this.groups.delete(group)
    else if (group.primary) this.#install(group)
    this.#cutTransfers(server)
    return true
  }

  /** pc.bootstrap=YES; where the component is primary Galera ignores it. */
  repair(name: string, without: readonly string[]): void {
    const group = this.servers.get(name)?.group
    if (!group || group.primary) return
    this.#leaveBehind(without, group.head)
    this.#install(group)
  }

  write(group: Group): void {
    if (!isPrimary(group)) return
    group.head = follow(group.head)
    this.version++
    if (![...group.members].some(({ name }) => this.counts(name))) return
    this.acknowledged = group.head
    this.newest = group.head
  }

  /** One server goes on: to become a member, or with its state transfer. */
  advance(server: Server): void {
    if (server.group !== null) return this.#receive(server)
    if (server.mode === 'bootstrap') return this.#bootstrap(server)
    for (const group of this.groups) if (isPrimary(group) && touches(group, server.name, this.#reachable)) return this.#enter(server, group)
    if (server.mode === 'reform') this.#reform(server)
  }

  /** The network changed. */
  reconnect(): void {
    for (const group of this.groups) this.#regroup(group)
    for (const group of this.groups) if (!isPrimary(group)) this.#merge(group)
  }

  /** Not where it was left behind: what only it holds, also what it acknowledges before its agent has looked, is lost by right. */
  counts(name: string): boolean {
    return !this.#left.has(name)
  }

  check(): void {
    const only = soleComponent(this.groups)
    if (this.#roots > 1) throw new Violation('two histories were started')
    if (only !== null && this.acknowledged !== null && only.head !== this.acknowledged && !contains(only.head, this.acknowledged)) throw new Violation(`acknowledged write ${this.acknowledged.seqno} is absent at ${only.head.seqno}`)
  }

  #remove(server: Server): void {
    this.servers.delete(server.name)
    this.version++
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
    const ready: Server[] = []
    for (const one of this.servers.values()) {
      const fits = own.members.some((member) => isSameNode(member, one.nodeUuid)) && this.#reachable(one.name, server.name)
      if (fits && (one.group === null ? one.mode === 'reform' && one.disk.gvwstate?.viewId === own.viewId : !isPrimary(one.group))) ready.push(one)
    }
    if (ready.length < own.members.length) return
    const entries = ready.flatMap((one) => one.group?.head ?? one.disk.entry ?? [])
    const head = entries.reduce((top, entry) => (entry.seqno > top.seqno ? entry : top))
    for (const entry of entries) if (!contains(head, entry)) throw new Violation('different data was merged')
    for (const one of ready) if (one.group !== null) this.#part(one)
    this.#form(ready, head)
  }

  #form(servers: readonly Server[], head: Entry): void {
    const group: Group = { primary: true, stateless: false, head, view: { id: '', seqno: 0n, members: new Map(), weight: 0 }, members: new Set(servers) }
    this.groups.add(group)
    for (const server of servers) {
      server.group = group
      server.transfer = 0
    }
    this.#install(group)
  }

  #part(server: Server): void {
    server.group?.members.delete(server)
    if (server.group?.members.size === 0) this.groups.delete(server.group)
    server.group = null
  }

  /** It is a member, with its votes, before it has the state. */
  #enter(server: Server, group: Group): void {
    const entry = server.group?.head ?? server.disk.entry
    if (entry !== null && entry !== group.head && !contains(group.head, entry)) {
      // A running server is merged by Galera itself before any agent may look.
      if (server.group === null || this.counts(server.name)) throw new Violation(`${server.name} joined with a fork at ${entry.seqno}`)
      server.forked = true
    }
    if (server.group === null) this.#left.delete(server.name)
    const merged = server.group !== null
    this.#part(server)
    group.members.add(server)
    server.group = group
    if (!merged) beginTransfer(server, group, entry)
    this.#install(group)
  }

  #receive(server: Server): void {
    if (server.transfer === 0 || server.donor === null) return
    server.transfer--
    this.version++
    if (server.transfer > 0) return
    server.disk.partial = false
    server.donor = null
    if (server.group?.stateless) server.disk.entry = server.group.head
    else if (server.group !== null) settleFiles(server.group)
  }

  /**
   * Its joiners have no donor any more: they end, but where nobody else has the state and the donor left in order. Then some receive
   * the rest all the same [ran].
   */
  #cutTransfers(gone: Server): void {
    for (const server of this.servers.values()) {
      if (server.donor !== gone) continue
      const { group } = server
      if (group?.stateless && !server.whole && server.pid % 2 === 0) continue
      server.donor = null
      if (group === null || !group.stateless) this.kill(server.name, 0)
    }
  }

  /** A new primary view: it takes a seqno, and every member writes its files. */
  #install(group: Group): void {
    group.primary = true
    group.stateless = !hasState(group)
    if (!group.stateless) group.head = follow(group.head)
    const members = new Map<string, string>()
    let weight = 0
    for (const member of group.members) {
      // Without the state, and nobody sends it any more: it asks for it as who comes anew.
      if (!group.stateless && !isComplete(member) && member.donor === null) beginTransfer(member, group, member.disk.entry)
      members.set(member.nodeUuid, member.name)
      weight += member.weight
    }
    if (!group.stateless && [...group.members].some(({ name }) => this.counts(name))) {
      this.newest = group.head
      this.newestMembers = [...members.values()]
    }
    group.view = { id: `view/${++this.#numbers}`, seqno: group.head.seqno, members, weight }
    this.version++
    settleFiles(group)
    this.check()
  }

  /** Splits a group where its members no longer see each other; quorum decides which part stays primary. */
  #regroup(group: Group): void {
    const [first] = group.members
    if (first === undefined) {
      this.groups.delete(group)
      return
    }
    const total = group.view.weight
    const apart = [...group.members].filter((member) => !this.#reachable(member.name, first.name))
    if (apart.length > 0) {
      const other: Group = { ...group, members: new Set(apart) }
      for (const member of apart) {
        group.members.delete(member)
        member.group = other
      }
      this.groups.add(other)
      this.version++
      for (const part of [other, group]) part.primary &&= weightOf(part.members) * 2 > total
      if (other.primary) this.#install(other)
    }
    if (group.primary && weightOf(group.members) * 2 <= group.view.weight) {
      group.primary = false
      this.version++
    }
    if (group.primary && group.members.size !== group.view.members.size) this.#install(group)
    // A joiner on the other side of a cut has lost its donor.
    for (const member of first.group?.members ?? []) if (member.donor !== null && member.donor.group !== member.group) this.#cutTransfers(member.donor)
  }

  #merge(group: Group): void {
    const [first] = group.members
    if (first === undefined) return
    const others = [...this.groups].filter((other) => other !== group && touches(other, first.name, this.#reachable))
    const primary = others.find((other) => isPrimary(other))
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
      this.version++
    }
    if (group.members.size === group.view.members.size) this.#install(group)
  }

  #isHeldElsewhere(head: Entry, but: Server): boolean {
    for (const group of this.groups) if (contains(group.head, head) && [...group.members].some((one) => one !== but && isComplete(one) && this.counts(one.name))) return true
    return this.#disks().some(({ name, disk }) => name !== but.name && this.counts(name) && !this.servers.has(name) && disk.entry !== null && contains(disk.entry, head))
  }
}
