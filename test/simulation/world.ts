import { type Answer, answerProposal, type Proposal } from '../../src/galera/fence.ts'
import type { Decision, RunningDecision } from '../../src/galera/decision.ts'
import type { Departure } from '../../src/galera/departure.ts'
import { goAlong } from '../../src/galera/go-along.ts'
import { recordDepartures } from '../../src/galera/ledger.ts'
import type { Facts, Live, Observation } from '../../src/galera/observation.ts'
import { missingOf } from '../../src/galera/rules/absent.ts'
import { decide, decideNonPrimary } from '../../src/galera/rules/decide.ts'
import { Galera } from './galera-model.ts'
import { contains, type Entry, uuidOf, Violation } from './history.ts'
import { Random } from './random.ts'
import { Gear, type Surroundings } from './sim-agent.ts'

/** What is put in the place of the shipped functions, to see that the invariants catch it. */
export interface Variant {
  /** Where the search begins: a seed shortly before one that shows the fault. */
  readonly from?: number
  readonly decide?: (facts: Facts) => Decision
  readonly decideNonPrimary?: (facts: Facts<Live>) => RunningDecision
  readonly answerProposal?: typeof answerProposal
  readonly forgetsPromises?: boolean
  readonly goAlong?: typeof goAlong
  readonly departure?: (departure: Departure) => Departure
}

/** Every so many steps all look at once: most states last longer, and it costs more than the step. */
const LOOK = 8

/** Data of another cluster, further than any of this one. */
const FOREIGN: Entry = { history: uuidOf(9, 9), seqno: 50n, parent: null }

export type Lists = 'equal' | 'late' | 'growing'

/** Some gears, their network and Galera under them; every step is drawn from one seed. */
export class World {
  readonly random: Random
  readonly gears: readonly Gear[]
  readonly galera: Galera
  /** The last steps, for the message of a violation. */
  readonly trace: string[] = []
  #sides: ReadonlyMap<string, number> = new Map()
  #lossy = false
  readonly #underWay: { readonly to: string; readonly proposal: Proposal }[] = []
  /** By how much each gear's clock is wrong. */
  readonly #hours = new Map<string, number>()
  #steps = 0
  readonly #forgetsPromises: boolean
  /** Whether datadirs of another cluster turn up. */
  readonly #strangers: boolean
  readonly #decide: (facts: Facts) => Decision
  /** In the order in which they were made. */
  readonly #made: readonly string[]
  readonly #lists: Lists
  readonly #policy: 'wait' | 'majority'

  constructor(seed: number, size: number, lists: Lists, policy: 'wait' | 'majority', variant: Variant) {
    this.#policy = policy
    this.random = new Random(seed)
    this.#strangers = seed % 8 === 3
    this.#lists = lists
    this.#forgetsPromises = variant.forgetsPromises ?? false
    this.#decide = variant.decide ?? decide
    this.galera = new Galera(this.#reachable, () => this.gears)
    const shared: Surroundings = {
      galera: this.galera,
      decide: this.#decide,
      decideNonPrimary: variant.decideNonPrimary ?? decideNonPrimary,
      answerProposal: variant.answerProposal ?? answerProposal,
      tellDeparture: (departure) => {
        for (const gear of this.gears) {
          const heard = gear.name !== departure.name && gear.node !== null && this.#reachable(gear.name, departure.name) && !this.#lost()
          if (heard) gear.note((ledger) => recordDepartures(ledger, [variant.departure?.(departure) ?? departure]))
        }
      },
      majority: policy === 'majority',
      goAlong: variant.goAlong ?? goAlong,
      clock: (name) => new Date((this.#hours.get(name) ?? 0) * 3_600_000 + this.#steps).toISOString(),
      ask: this.#ask,
      propose: (to, proposal) => {
        if (!this.#reachable(proposal.from, to) || this.#lost()) return null
        // It may come again, or only after its sender has given it up.
        if (this.#lost()) this.#underWay.push({ to, proposal })
        if (this.#lost()) return null
        const answer = this.#deliver(to, proposal)
        return this.#lost() ? null : answer
      },
      shuffled: (items) => this.random.shuffled(items),
    }
    const names = Array.from({ length: size }, (_, index) => `n${index + 1}`)
    this.gears = names.map((name) => new Gear(name, shared))
    this.#made = this.random.shuffled(names)
    for (const gear of this.gears) gear.peers = lists === 'equal' ? names : null
  }

  /** One random step of one gear, or something that befalls it. */
  disturb(): void {
    const gear = this.random.pick(this.gears)
    if (gear === undefined) return
    this.#steps++
    this.#deliverLate()
    const roll = this.random.next()
    if (roll < 0.82) this.#work(gear)
    else if (roll < 0.9) this.#attempt(gear)
    else if (roll < 0.92) this.#write()
    else this.#befall(gear, roll)
    this.#check()
  }

  /** Everybody is back, connected and told to start; nothing more goes wrong. @returns whether all became Primary in one component */
  settle(rounds: number): boolean {
    this.#sides = new Map()
    this.#lossy = false
    this.galera.reconnect()
    for (const gear of this.gears.filter(({ disk }) => disk.entry === FOREIGN)) {
      // A person did as the refusal said.
      gear.stopAgent()
      gear.disk.entry = null
    }
    for (let round = 0; round < rounds; round++) {
      this.#steps++
      this.#deliverLate()
      for (const gear of this.random.shuffled(this.gears)) {
        gear.peers = this.gears.map(({ name }) => name)
        if (gear.node === null) gear.startAgent()
        gear.start()
        this.#work(gear)
        if (this.random.chance(0.3)) this.#attempt(gear)
        if (round % 60 === 59 && this.galera.servers.get(gear.name)?.group === null) this.galera.kill(gear.name, 0)
        this.#check()
      }
      const [group] = this.galera.groups
      const forked = [...this.galera.servers.values()].some((server) => server.forked)
      if (!forked && this.galera.groups.size === 1 && group?.primary && group.members.size === this.gears.length) return true
    }
    return false
  }

  readonly #reachable = (a: string, b: string): boolean => (this.#sides.get(a) ?? 0) === (this.#sides.get(b) ?? 0)

  readonly #ask = (from: string, to: string): Observation => {
    const peer = this.gears.find((gear) => gear.name === to)
    const reached = peer !== undefined && this.#reachable(from, to)
    if (!reached || peer.node === null || this.#lost()) return { kind: 'silent', name: to, reason: 'timeout', serving: reached && peer.node === null && this.galera.servers.get(to)?.group?.primary === true }
    return peer.node.report()
  }

  #deliver(to: string, proposal: Proposal): Answer | null {
    const answer = this.gears.find((gear) => gear.name === to)?.acknowledge(proposal) ?? null
    this.#note(`${to} ${answer?.ack === false ? `refuses (${answer.reason})` : 'acknowledges'} ${proposal.kind} of ${proposal.chosen} in epoch ${proposal.epoch}`)
    return answer
  }

  #deliverLate(): void {
    if (this.#underWay.length === 0 || !this.random.chance(0.05)) return
    const [late] = this.#underWay.splice(this.random.below(this.#underWay.length), 1)
    if (late !== undefined) this.#deliver(late.to, late.proposal)
  }

  #lost(): boolean {
    return this.#lossy && this.random.chance(0.1)
  }

  #work(gear: Gear): void {
    const before = gear.ledger.decisions.length
    gear.work?.next()
    const decision = gear.ledger.decisions.at(-1)
    if (gear.ledger.decisions.length > before && decision !== undefined) this.#note(`${gear.name} decides ${decision.do} (${decision.rule}): ${decision.reason} [${decision.evidence.join('; ')}]`)
  }

  #attempt(gear: Gear): void {
    const server = this.galera.servers.get(gear.name)
    if (server === undefined || server.group !== null) return
    this.galera.advance(server)
    if (server.group !== null) this.#note(`${gear.name} ${server.mode}: primary with ${[...(server.group as { view: { members: Map<string, string> } }).view.members.values()].join('+')}`)
  }

  #write(): void {
    for (const group of this.galera.groups) if (group.primary) this.galera.write(group)
  }

  #befall(gear: Gear, roll: number): void {
    const lag = this.random.below(3)
    if (roll < 0.93) this.#event(gear, 'mariadbd is killed', () => this.galera.kill(gear.name, lag))
    else if (roll < 0.945) this.#event(gear, 'is killed', () => this.#crash(gear, lag))
    else if (roll < 0.95) this.#event(gear, 'agent is killed', () => gear.stopAgent(this.random.chance(0.5)))
    else if (roll < 0.953) for (const one of this.random.shuffled(this.gears)) this.#event(one, 'is killed with all', () => this.#crash(one, this.random.below(3)))
    else if (roll < 0.96) this.#event(gear, 'is stopped', () => gear.stop())
    else if (roll < 0.962) for (const one of this.random.shuffled(this.gears)) this.#event(one, 'is stopped with all', () => one.stop())
    else if (roll < 0.967) this.#cut()
    else if (roll < 0.975) this.#event(gear, 'sees the network whole again', () => this.#heal())
    else if (roll < 0.977) this.#loseData(gear)
    else if (roll < 0.978) this.#giveUp(gear)
    else if (roll < 0.98) this.#lossy = !this.#lossy
    else if (roll < 0.983) this.#list(gear)
    else if (roll < 0.985) this.#event(gear, 'has its clock set', () => this.#hours.set(gear.name, this.random.below(49) - 24))
    else if (gear.node === null) this.#event(gear, 'agent starts', () => gear.startAgent())
    else if (gear.node.intent === 'stay') this.#event(gear, 'is told to start', () => gear.start())
  }

  #crash(gear: Gear, lag: number): void {
    gear.stopAgent(this.random.chance(0.5))
    if (this.#forgetsPromises) gear.note((ledger) => ({ ...ledger, promise: null }))
    this.galera.kill(gear.name, lag)
  }

  #cut(): void {
    this.#sides = new Map(this.gears.map(({ name }) => [name, this.random.below(2)]))
    this.#note(`the network is cut: ${[...this.#sides].map(([name, side]) => `${name} ${side}`).join(', ')}`)
    this.galera.reconnect()
  }

  #heal(): void {
    this.#sides = new Map()
    this.galera.reconnect()
  }

  /** A datadir is lost, or replaced by one of another cluster, with or without its ledger. */
  #loseData(gear: Gear): void {
    if (!this.#isSpare(gear)) return
    const foreign = this.#strangers && !this.gears.some(({ disk }) => disk.entry === FOREIGN) && this.random.chance(0.5)
    const forgets = foreign && this.random.chance(0.5)
    this.#event(gear, foreign ? 'gets the data of another cluster' : 'is wiped', () => {
      gear.stopAgent()
      if (forgets) gear.forget()
      // With flag 1 and no memory it is that cluster's last member, for all that anybody can tell.
      Object.assign(gear.disk, { entry: foreign ? FOREIGN : null, safeToBootstrap: foreign && !forgets, gvwstate: null })
    })
  }

  /** Its data is never the only one with the newest view or write. */
  #isSpare(gear: Gear): boolean {
    const { newest, servers } = this.galera
    if (servers.has(gear.name) || gear.disk.entry === null) return false
    const kept = this.gears.filter((one) => one !== gear && this.galera.counts(one.name) && one.disk.entry !== null && (newest === null || contains(servers.get(one.name)?.group?.head ?? one.disk.entry, newest)))
    return kept.length > 0
  }

  /** An operator who knows that no other server runs gives up the nodes that this one misses; one at a time. */
  #giveUp(gear: Gear): void {
    const { node } = gear
    const others = this.gears.filter((one) => one !== gear)
    if (node === null || gear.disk.entry === FOREIGN || this.#policy === 'majority' || others.some((one) => this.galera.servers.has(one.name) || one.node?.word)) return
    const self = node.report()
    const uuid = self.kind === 'down' ? (self.data.kind === 'position' ? self.data.uuid : null) : self.uuid
    if (uuid === null || self.kind === 'primary') return
    // Who forces a node that was not there at last makes a fork that nobody can see.
    if (!this.galera.newestMembers.includes(gear.name)) return
    const { names } = missingOf({ self, peers: node.observations }, uuid)
    if (names.length === 0) return
    this.#event(gear, `is told to go on without ${names.join('+')}`, () => (node.word = { lose: names, reason: 'gone' }))
  }

  /** The platform tells a gear of the others: all at once, or those that were made until now. */
  #list(gear: Gear): void {
    const names = this.gears.map(({ name }) => name)
    const least = Math.max(gear.peers?.length ?? 0, this.#made.indexOf(gear.name) + 1)
    const known = this.#lists === 'growing' ? this.#made.slice(0, least + this.random.below(names.length - least + 1)) : names
    this.#event(gear, `is told of ${known.join('+')}`, () => (gear.peers = known))
  }

  #event(gear: Gear, what: string, happen: () => void): void {
    this.#note(`${gear.name} ${what}`)
    happen()
  }

  #note(what: string): void {
    this.trace.push(what)
  }

  #check(): void {
    this.galera.check()
    if (this.#steps % LOOK === 0) this.#checkAgreement()
  }

  /** Were everybody to look now, at most one node would bootstrap. */
  #checkAgreement(): void {
    const truth = this.gears.map((gear) => this.#truth(gear))
    const down = this.gears.flatMap(({ node }) => (node !== null && node.server === null && node.config.peers !== null && node.reportDown().data.kind !== 'unknown' ? [node] : []))
    const chosen = down.filter((node) => {
      const peers = truth.filter(({ name }) => name !== node.config.name)
      return this.#decide({ self: { ...node.reportDown(), launched: null }, peers }).do === 'bootstrap'
    })
    if (chosen.length > 1) throw new Violation(`with the same facts ${chosen.map((node) => node.config.name).join(' and ')} would bootstrap`)
  }

  #truth(gear: Gear): Observation {
    return gear.node?.report() ?? { kind: 'silent', name: gear.name, reason: 'refused', serving: this.galera.servers.has(gear.name) }
  }
}
