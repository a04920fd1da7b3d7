import { report, reportDown } from '../../src/agent/report.ts'
import { type Answer, answerProposal, type Proposal } from '../../src/galera/fence.ts'
import type { Decision, RunningDecision } from '../../src/galera/decision.ts'
import type { Departure } from '../../src/galera/departure.ts'
import { goAlong } from '../../src/galera/go-along.ts'
import { recordDepartures } from '../../src/galera/ledger.ts'
import type { Facts, Live, Observation } from '../../src/galera/observation.ts'
import { decide, decideNonPrimary } from '../../src/galera/rules/decide.ts'
import { befall } from './befall.ts'
import { Galera } from './galera-model.ts'
import { FOREIGN, Violation } from './history.ts'
import { Random } from './random.ts'
import { SimNetwork } from './sim-network.ts'
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

export type Lists = 'equal' | 'late' | 'growing'

/** Some gears, their network and Galera under them; every step is drawn from one seed. */
export class World {
  readonly random: Random
  readonly gears: readonly Gear[]
  readonly galera: Galera
  /** The last steps, for the message of a violation. */
  readonly trace: string[] = []
  readonly network: SimNetwork
  /** By how much each gear's clock is wrong. */
  readonly hours = new Map<string, number>()
  #steps = 0
  /** Whether datadirs of another cluster turn up. */
  readonly strangers: boolean
  readonly #decide: (facts: Facts) => Decision
  /** In the order in which they were made. */
  readonly made: readonly string[]
  readonly lists: Lists
  readonly policy: 'wait' | 'majority'
  readonly variant: Variant

  constructor(seed: number, size: number, lists: Lists, policy: 'wait' | 'majority', variant: Variant) {
    this.policy = policy
    this.random = new Random(seed)
    this.strangers = seed % 8 === 3
    this.lists = lists
    this.variant = variant
    this.network = new SimNetwork(this.random)
    this.#decide = variant.decide ?? decide
    this.galera = new Galera(this.network.reachable, () => this.gears)
    const shared: Surroundings = {
      galera: this.galera,
      decide: this.#decide,
      decideNonPrimary: variant.decideNonPrimary ?? decideNonPrimary,
      answerProposal: variant.answerProposal ?? answerProposal,
      tellDeparture: (departure) => {
        for (const gear of this.gears) {
          const heard = gear.name !== departure.name && gear.node !== null && this.network.reachable(gear.name, departure.name) && !this.network.lost()
          if (heard) gear.note((ledger) => recordDepartures(ledger, [variant.departure?.(departure) ?? departure]))
        }
      },
      majority: policy === 'majority',
      goAlong: variant.goAlong ?? goAlong,
      clock: (name) => new Date((this.hours.get(name) ?? 0) * 3_600_000 + this.#steps).toISOString(),
      ask: this.#ask,
      propose: (to, proposal) => {
        if (!this.network.reachable(proposal.from, to) || this.network.lost()) return null
        if (this.network.lost()) this.network.delay({ to, proposal })
        if (this.network.lost()) return null
        const answer = this.#deliver(to, proposal)
        return this.network.lost() ? null : answer
      },
      shuffled: (items) => this.random.shuffled(items),
    }
    const names = Array.from({ length: size }, (_, index) => `n${index + 1}`)
    this.gears = names.map((name) => new Gear(name, shared))
    this.made = this.random.shuffled(names)
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
    else befall(this, gear, roll)
    this.#check()
  }

  /** Everybody is back, connected and told to start; nothing more goes wrong. @returns whether all became Primary in one component */
  settle(rounds: number): boolean {
    this.network.heal()
    this.network.lossy = false
    this.galera.reconnect()
    for (const gear of this.gears.filter(({ disk }) => disk.entry === FOREIGN)) {
      // A person did as the refusal said.
      gear.stopAgent()
      gear.disk.entry = null
    }
    for (let round = 0; round < rounds; round++) {
      this.#steps++
      this.#deliverLate()
      // A running server goes on looking for the others.
      if (round % 10 === 9) this.galera.reconnect()
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

  readonly #ask = (from: string, to: string): Observation => {
    const peer = this.gears.find((gear) => gear.name === to)
    const reached = peer !== undefined && this.network.reachable(from, to)
    if (!reached || peer.node === null || this.network.lost()) return { kind: 'silent', name: to, reason: 'timeout', serving: reached && peer.node === null && this.galera.servers.get(to)?.group?.primary === true }
    return report(peer.node)
  }

  #deliver(to: string, proposal: Proposal): Answer | null {
    const answer = this.gears.find((gear) => gear.name === to)?.acknowledge(proposal) ?? null
    this.note(`${to} ${answer?.ack === false ? `refuses (${answer.reason})` : 'acknowledges'} ${proposal.kind} of ${proposal.chosen} in epoch ${proposal.epoch}`)
    return answer
  }

  #deliverLate(): void {
    const late = this.network.takeLate()
    if (late !== null) this.#deliver(late.to, late.proposal)
  }

  #work(gear: Gear): void {
    const before = gear.ledger.decisions.length
    gear.work?.next()
    const decision = gear.ledger.decisions.at(-1)
    if (gear.ledger.decisions.length > before && decision !== undefined) this.note(`${gear.name} decides ${decision.do} (${decision.rule}): ${decision.reason} [${decision.evidence.join('; ')}]`)
  }

  #attempt(gear: Gear): void {
    const server = this.galera.servers.get(gear.name)
    if (server === undefined || server.group !== null) return
    this.galera.advance(server)
    if (server.group !== null) this.note(`${gear.name} ${server.mode}: primary with ${[...(server.group as { view: { members: Map<string, string> } }).view.members.values()].join('+')}`)
  }

  #write(): void {
    for (const group of this.galera.groups) if (group.primary) this.galera.write(group)
  }

  note(what: string): void {
    this.trace.push(what)
  }

  #check(): void {
    this.galera.check()
    if (this.#steps % LOOK === 0) this.#checkAgreement()
  }

  /** Were everybody to look now, at most one node would bootstrap. */
  #checkAgreement(): void {
    const truth = this.gears.map((gear) => this.#truth(gear))
    const down = this.gears.flatMap(({ node }) => (node !== null && node.server === null && node.config.peers !== null && reportDown(node).data.kind !== 'unknown' ? [node] : []))
    const chosen = down.filter((node) => {
      const peers = truth.filter(({ name }) => name !== node.config.name)
      return this.#decide({ self: { ...reportDown(node), launched: null }, peers }).do === 'bootstrap'
    })
    if (chosen.length > 1) throw new Violation(`with the same facts ${chosen.map((node) => node.config.name).join(' and ')} would bootstrap`)
  }

  #truth(gear: Gear): Observation {
    return gear.node !== null ? report(gear.node) : { kind: 'silent', name: gear.name, reason: 'refused', serving: this.galera.servers.has(gear.name) }
  }
}
