import type { Departure } from '../../src/galera/departure.ts'
import type { Answer, Proposal } from '../../src/galera/fence.ts'
import type { Down, Live, Observation } from '../../src/galera/observation.ts'
import { reportDown } from '../../src/galera/cycle/report.ts'
import { type Rules, SHIPPED } from '../../src/galera/cycle/rules.ts'
import { befall } from './befall.ts'
import { isPrimary, type Server } from './galera-group.ts'
import { Galera } from './galera-model.ts'
import { FOREIGN, Violation } from './history.ts'
import { Random } from './random.ts'
import { SimNetwork } from './sim-network.ts'
import { type Faults, Gear, type Surroundings } from './gear.ts'

/** What is put in the place of the shipped functions, or of what surrounds them, to see that the invariants catch it. */
export interface Variant {
  /** A seed that shows the fault; the search begins there. */
  readonly from?: number
  readonly rules?: Partial<Rules>
  /** What is not understood as it should be of a look at the server, or done as it should be on the disk. */
  readonly faults?: Faults
  readonly forgetsPromises?: boolean
  readonly departure?: (departure: Departure) => Departure
  /** Who receives a request that goes astray answers it in the name of the one that was asked. */
  readonly unboundAnswers?: boolean
}

/** Every so many steps all look at once: most states last longer, and it costs more than the step. */
const LOOK = 24

export type Lists = 'equal' | 'late' | 'growing'

export interface Setting {
  readonly size: number
  readonly lists: Lists
  readonly policy: 'wait' | 'majority'
  readonly weights: readonly number[]
  /** Datadirs of another cluster turn up. */
  readonly strangers: boolean
}

/** Some gears, their network and Galera under them; every step is drawn from one seed. */
export class World {
  readonly random: Random
  readonly gears: readonly Gear[]
  readonly galera: Galera
  /** What happened, where somebody wants to know. */
  readonly trace: string[] | null
  readonly network: SimNetwork
  /** By how much each gear's clock is wrong. */
  readonly hours = new Map<string, number>()
  readonly setting: Setting
  readonly variant: Variant
  readonly rules: Rules
  /** In the order in which they were made. */
  readonly made: readonly string[]
  #steps = 0
  #checked = -1
  #changes = 0
  #agreedAt = -1
  readonly #byName: ReadonlyMap<string, Gear>
  #agreed: readonly (Observation | null)[] = []

  constructor(seed: number, setting: Setting, variant: Variant, traced: boolean) {
    this.setting = setting
    this.variant = variant
    this.trace = traced ? [] : null
    this.random = new Random(seed)
    this.network = new SimNetwork(this.random)
    this.rules = { ...SHIPPED, ...variant.rules }
    this.galera = new Galera(this.network.reachable, () => this.gears)
    const shared: Surroundings = {
      galera: this.galera,
      rules: this.rules,
      ask: this.#ask,
      propose: this.#propose,
      announce: this.#announce,
      shuffled: (items) => this.random.shuffled(items),
      chance: (probability) => this.random.chance(probability),
      faults: variant.faults ?? {},
      hours: (name) => this.hours.get(name) ?? 0,
      stamp: () => (this.network.lossy ? null : this.galera.version + this.#changes),
      changed: () => this.#changes++,
    }
    const names = Array.from({ length: setting.size }, (_, index) => `n${index + 1}`)
    this.gears = names.map((name, at) => new Gear(name, setting.weights[at] ?? 1, setting.policy === 'majority', shared))
    this.#byName = new Map(this.gears.map((gear) => [gear.name, gear]))
    this.made = this.random.shuffled(names)
    for (const gear of this.gears) gear.peers = setting.lists === 'equal' ? names : null
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
    else {
      this.#changes++
      befall(this, gear, roll)
    }
    this.#check()
  }

  /** Everybody is back, connected and told to start; nothing more goes wrong. @returns whether all became Primary in one component */
  settle(rounds: number): boolean {
    this.#changes++
    this.network.heal()
    this.network.lossy = false
    this.galera.reconnect()
    for (const gear of this.gears) {
      gear.hangs = false
      gear.starved = false
      if (gear.disk.entry !== FOREIGN) continue
      // A person did as the refusal said.
      gear.stopAgent(true)
      gear.disk.entry = null
    }
    for (let round = 0; round < rounds; round++) {
      this.#steps++
      this.#deliverLate()
      // A running server goes on looking for the others.
      if (round % 10 === 9) this.galera.reconnect()
      for (const gear of this.random.shuffled(this.gears)) {
        if (gear.peers?.length !== this.gears.length) {
          gear.peers = this.gears.map(({ name }) => name)
          this.#changes++
        }
        if (gear.state === null) gear.startAgent()
        if (gear.state?.intent === 'stay') gear.take({ in: 'start', restored: false, id: 0 })
        this.#work(gear)
        if (this.random.chance(0.3)) this.#attempt(gear)
        // Galera gives up by itself after pc.wait_prim_timeout.
        if (round % 60 === 59 && this.galera.servers.get(gear.name)?.group === null) this.galera.kill(gear.name, 0)
        this.#checkGalera()
      }
      this.#checkAgreement()
      if (this.#isWhole()) return true
    }
    return false
  }

  #isWhole(): boolean {
    const [group] = this.galera.groups
    if (this.galera.groups.size !== 1 || !group?.primary || group.members.size !== this.gears.length) return false
    for (const server of this.galera.servers.values()) if (server.forked || server.transfer > 0) return false
    return true
  }

  readonly #ask = (from: Gear, to: string): Observation => {
    const peer = this.#byName.get(to)
    const reached = peer !== undefined && !from.starved && this.network.reachable(from.name, to)
    const said = reached && !this.network.lost() ? peer.report : null
    return said ?? silentAs(to, reached && this.galera.servers.has(to))
  }

  readonly #propose = (from: Gear, to: string, proposal: Proposal, answered: (answer: Answer) => void): 'sent' | 'lost' => {
    if (from.starved || !this.network.reachable(from.name, to) || this.network.lost()) return 'lost'
    const through = (answer: Answer) => {
      if (!this.network.lost()) answered(answer)
    }
    if (this.network.lost()) this.network.delay({ to, proposal, answered: through })
    if (this.network.lost()) return 'lost'
    const astray = this.network.lossy && this.random.chance(0.2)
    // Something between them hands it to another, or back; who is not meant does not answer.
    if (astray && !this.variant.unboundAnswers) return 'lost'
    this.#deliver(astray ? from.name : to, proposal, through)
    return 'sent'
  }

  readonly #announce = (departure: Departure): void => {
    const said = this.variant.departure?.(departure) ?? departure
    for (const gear of this.gears) {
      const heard = gear.name !== said.name && gear.state !== null && this.network.reachable(gear.name, said.name) && !this.network.lost()
      if (heard) gear.take({ in: 'departure', departure: said, id: 0 })
    }
  }

  #deliver(to: string, proposal: Proposal, answered: (answer: Answer) => void): void {
    this.#byName.get(to)?.receive(proposal, (answer) => {
      this.trace?.push(`${to} ${answer.ack ? 'acknowledges' : `refuses (${answer.reason})`} ${proposal.kind} of ${proposal.chosen} in epoch ${proposal.epoch}`)
      answered(answer)
    })
  }

  #deliverLate(): void {
    const late = this.network.takeLate()
    if (late !== null) this.#deliver(late.to, late.proposal, late.answered)
  }

  #work(gear: Gear): void {
    if (this.trace === null) return gear.work()
    const before = gear.state
    gear.work()
    const { state } = gear
    if (state === null || state === before) return
    if (state.decision !== before?.decision && state.decision !== null) this.trace.push(`${gear.name} decides ${state.decision.do} (${state.decision.rule}): ${state.decision.reason} [${state.decision.evidence.join('; ')}]`)
    if (state.task.at !== before?.task.at && state.task.at !== 'looking' && state.task.at !== 'watching' && state.task.at !== 'pausing') this.trace.push(`${gear.name}: ${state.task.at}${state.failure === null || state.failure === before?.failure ? '' : ` (${state.failure.message})`}`)
    if (state.message.startsWith('Not acknowledged') && state.message !== before?.message) this.trace.push(`${gear.name}: ${state.message}`)
  }

  #attempt(gear: Gear): void {
    const server = this.galera.servers.get(gear.name)
    if (server === undefined) return
    const before = server.group
    this.galera.advance(server)
    if (before === null && server.group !== null) this.trace?.push(`${gear.name} ${server.mode}: with ${membersOf(server)}`)
  }

  #write(): void {
    for (const group of this.galera.groups) this.galera.write(group)
  }

  note(what: string): void {
    this.trace?.push(what)
  }

  #check(): void {
    this.#checkGalera()
    this.#checkAgreement()
  }

  #checkGalera(): void {
    if (this.galera.version !== this.#checked) this.galera.check()
    this.#checked = this.galera.version
  }

  /** Were everybody to look now, at most one node would bootstrap. Beside a primary component nobody does. */
  #checkAgreement(): void {
    if (this.#steps % LOOK !== 0 || this.#agreedAt === this.galera.version + this.#changes) return
    this.#agreedAt = this.galera.version + this.#changes
    for (const group of this.galera.groups) if (isPrimary(group)) return
    const truth = this.gears.map((gear) => this.#truth(gear))
    if (truth.every((one, at) => one === this.#agreed[at])) return
    this.#agreed = truth
    const able = this.gears.filter(mayBootstrap)
    if (able.length < 2) return
    const chosen = able.filter((gear) => this.#wouldBootstrap(gear, truth.filter((_, other) => this.gears[other] !== gear)))
    if (chosen.length > 1) throw new Violation(`with the same facts ${chosen.map(({ name }) => name).join(' and ')} would bootstrap`)
  }

  #wouldBootstrap(gear: Gear, peers: readonly Observation[]): boolean {
    if (gear.state === null) return false
    const own = reportDown(gear.state, gear)
    return own.data.kind !== 'unknown' && this.rules.decide({ self: own.launched === null ? own : { ...own, launched: null }, peers }).do === 'bootstrap'
  }

  #truth(gear: Gear): Down | Live | Observation {
    return gear.report ?? silentAs(gear.name, this.galera.servers.has(gear.name))
  }
}

const mayBootstrap = ({ state }: Gear): boolean => state !== null && state.server === null && state.settings.listed && state.datadir !== null

const membersOf = ({ group }: Server): string => [...(group?.members ?? [])].map(({ name }) => name).join('+')

const SILENT = new Map<string, Observation>()

/** The same silence is the same value. */
function silentAs(name: string, serving: boolean): Observation {
  const key = `${name} ${serving}`
  const known = SILENT.get(key)
  if (known !== undefined) return known
  const made: Observation = { kind: 'silent', name, reason: 'timeout', serving }
  SILENT.set(key, made)
  return made
}

