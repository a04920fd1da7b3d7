import type { Departure } from '../../src/galera/departure.ts'
import type { Answer, Proposal } from '../../src/galera/fence.ts'
import { type Ledger, newLedger } from '../../src/galera/ledger.ts'
import type { Down, Live, Observation } from '../../src/galera/observation.ts'
import type { Effect } from '../../src/galera/cycle/effect.ts'
import type { Input, Message, Command, Result } from '../../src/galera/cycle/input.ts'
import { report } from '../../src/galera/cycle/report.ts'
import { brokenInvariant } from '../../src/galera/cycle/invariants.ts'
import type { Rules } from '../../src/galera/cycle/rules.ts'
import { initialState, type Settings, type State } from '../../src/galera/cycle/state.ts'
import { step } from '../../src/galera/cycle/step.ts'
import type { Disk } from './galera-group.ts'
import type { Galera } from './galera-model.ts'
import { Doing } from './doing.ts'
import { Violation } from './history.ts'

/** Known faults of what surrounds the cycle. */
export interface Faults {
  /** Effects are carried out, and states shown, before the ledger is on the disk. */
  readonly tellsBeforeRecording?: boolean
  /** It is not remembered that a node was joining. */
  readonly forgetsJoining?: boolean
  /** A server that cannot be seen is taken for dead. */
  readonly unknownIsDeath?: boolean
  /** Old data goes aside only when the ledger knows already why. */
  readonly movesAsideLate?: boolean
  /** That the group layer alone is primary is not seen. */
  readonly missesLackOfState?: boolean
}

/** What the gears of a simulation share. */
export interface Surroundings {
  readonly galera: Galera
  readonly rules: Rules
  readonly ask: (from: Gear, to: string) => Observation
  /** null: it was lost, or went to nobody. */
  readonly propose: (from: Gear, to: string, proposal: Proposal, answered: (answer: Answer) => void) => 'sent' | 'lost'
  readonly announce: (departure: Departure) => void
  readonly shuffled: <Item>(items: readonly Item[]) => Item[]
  readonly chance: (probability: number) => boolean
  /** By how many hours a gear's clock is wrong. */
  readonly faults: Faults
  readonly hours: (name: string) => number
  /** Changes with whatever an agent could notice; null while messages get lost, so that nothing stays as it is. */
  readonly stamp: () => number | null
  /** Something that others may notice has changed. */
  readonly changed: () => void
}

/** Not written yet: a state that becomes true, and its effects that are carried out, when its ledger is on disk. */
interface Writing {
  readonly input: Input
  readonly state: State
  readonly effects: readonly Effect[]
}

/** One gear: what survives a crash, and while its agent runs the shipped cycle on models of disk, server and peers. */
export class Gear {
  readonly disk: Disk = { entry: null, partial: false, safeToBootstrap: false, gvwstate: null, clean: false }
  readonly name: string
  readonly weight: number
  peers: readonly string[] | null = null
  state: State | null = null
  /** Its agent gets no time: it answers nobody, and goes on later with what it knew. */
  hangs = false
  /** Its agent has no file descriptors: it can't see its server, write its ledger or reach anybody. */
  starved = false
  ledger: Ledger
  readonly world: Surroundings
  #settings: Settings
  #now = 0
  #calmAt: number | null = null
  #rounds = 0
  #at = ''
  #second = -1
  #hours = 0
  #writing: Writing | null = null
  #doing: Doing | null = null
  readonly #inputs: (Message | Command)[] = []
  readonly #answers = new Map<number, (answer: Answer) => void>()
  #ids = 0

  constructor(name: string, weight: number, majority: boolean, world: Surroundings) {
    this.name = name
    this.weight = weight
    this.world = world
    this.ledger = newLedger(name)
    this.#settings = { name, listed: false, weight, majority, absentWait: 0, stopTimeout: 1_000 }
  }

  /** As they are on disk now. */
  get settings(): Settings {
    const listed = this.peers !== null
    if (this.#settings.listed !== listed) this.#settings = { ...this.#settings, listed }
    return this.#settings
  }

  get others(): readonly string[] {
    return (this.peers ?? []).filter((name) => name !== this.name)
  }

  /** The ledger is lost too. */
  forget(): void {
    this.ledger = newLedger(this.name)
  }

  startAgent(): void {
    this.hangs = false
    this.starved = false
    this.state = initialState(this.settings, this.ledger)
    this.#doing = null
    this.#writing = null
  }

  /** `written`: whether a write of the ledger that was under way reached the disk. */
  stopAgent(written: boolean): void {
    if (written && this.#writing !== null) this.ledger = this.#writing.state.ledger
    this.state = null
    this.#writing = null
    this.#doing = null
    this.#inputs.length = 0
    this.#answers.clear()
  }

  take(input: Message | Command): void {
    if (this.state === null) return
    this.#inputs.push(input)
    if (!this.hangs && this.#writing === null) this.#takeNext()
  }

  /** A proposal of a peer; `answered` is called when the answer is durable. */
  receive(proposal: Proposal, answered: (answer: Answer) => void): void {
    const id = ++this.#ids
    this.#answers.set(id, answered)
    this.take({ in: 'proposal', proposal, id })
  }

  get report(): Down | Live | null {
    return this.state === null || this.hangs || this.starved ? null : report(this.state, this)
  }

  get now(): number {
    return this.#now
  }

  /** The same for a while: what is told by the clock is told by the second. */
  get at(): string {
    const hours = this.world.hours(this.name)
    const second = Math.floor(this.#now / 1_000)
    if (second === this.#second && hours === this.#hours) return this.#at
    this.#second = second
    this.#hours = hours
    this.#at = `2026-01-01T${String(100 + hours).padStart(3, '0')}:${String(second).padStart(9, '0')}`
    return this.#at
  }

  /** The agent goes on by one step: a write, an input, a part of what it does, or the clock. */
  work(): void {
    if (this.state === null || this.hangs || this.#isCalm()) return
    this.#now += 3
    if (this.#writing !== null) return this.#written()
    if (this.#inputs.length > 0) return this.#takeNext()
    if (this.#doing !== null) {
      const result = this.#doing.advance()
      if (result !== null) this.#give(result)
      return
    }
    const { wakeAt } = this.state
    if (wakeAt === null) return
    // Time goes on as it likes: anything may take long.
    this.#now = Math.max(wakeAt, this.#now) + (this.world.chance(0.3) ? 2_500 : 0)
    this.#step({ in: 'tick', now: this.#now, at: this.at })
  }

  /**
   * It waits, or rests, and has gone round twice while nothing changed: it would go round for ever. Such rounds are left out, which changes
   * nothing but the time that they take.
   */
  #isCalm(): boolean {
    const { state } = this
    const stamp = this.world.stamp()
    if (stamp !== this.#calmAt || stamp === null) {
      this.#calmAt = stamp
      this.#rounds = 0
      return false
    }
    if (this.#rounds < 2 || this.#inputs.length > 0 || this.#writing !== null || state === null) return false
    const { at } = state.task
    return at === 'resting' || (at === 'pausing' && state.decision?.do === 'wait') || (at === 'watching' && state.joining === null && state.nonPrimarySince === null)
  }

  #takeNext(): void {
    const input = this.#inputs.shift()
    if (input !== undefined) this.#step({ ...input, now: this.#now, at: this.at })
  }

  #give(result: Result): void {
    this.#doing = null
    if (result.in === 'heard' || (result.in === 'looked' && this.state?.intent === 'stay')) this.#rounds++
    this.#step({ ...result, now: this.#now, at: this.at })
  }

  #step(input: Input): void {
    const { state } = this
    if (state === null) return
    const next = step(state, input, this.world.rules)
    const broken = brokenInvariant(state, input, next)
    if (broken !== null) throw new Violation(`${this.name}, from ${state.task.at} to ${next.state.task.at} by ${input.in}: ${broken}`)
    if (next.state.ledger === state.ledger) return this.#commit(next.state, next.effects)
    if (this.starved) {
      const without = step(state, { ...input, unwritten: 'EMFILE' }, this.world.rules)
      return this.#commit({ ...without.state, ledger: state.ledger }, without.effects)
    }
    const kept = this.world.faults.forgetsJoining ? { ...next.state, ledger: { ...next.state.ledger, joining: false } } : next.state
    if (!this.world.faults.tellsBeforeRecording) {
      this.#writing = { input, state: kept, effects: next.effects }
      return
    }
    this.#commit(kept, next.effects)
    this.#writing = { input, state: kept, effects: [] }
  }

  #written(): void {
    const writing = this.#writing
    if (writing === null) return
    this.#writing = null
    this.ledger = writing.state.ledger
    if (!this.world.faults.tellsBeforeRecording) this.#commit(writing.state, writing.effects)
  }

  #commit(state: State, effects: readonly Effect[]): void {
    const before = this.state
    this.state = state
    if (before !== null && isNews(before, state)) this.world.changed()
    for (const effect of effects) this.#carryOut(effect, state)
  }

  #carryOut(effect: Effect, state: State): void {
    if ('op' in effect) {
      // What was asked of the server is done or not; nobody hears of it.
      if (this.#doing?.op.do === 'repair' && this.world.chance(0.5)) this.#doing.advance()
      this.#doing = new Doing(this, effect, state)
      return
    }
    if (effect.do !== 'answer') return
    const answered = this.#answers.get(effect.id)
    this.#answers.delete(effect.id)
    answered?.(effect.answer)
  }
}

/** What its peers, or its own next round, may notice. */
const isNews = (a: State, b: State): boolean =>
  a.ledger !== b.ledger || a.status !== b.status || a.intent !== b.intent || a.launched !== b.launched || a.datadir !== b.datadir || a.server !== b.server
  || a.repairing !== b.repairing || a.viewKnown !== b.viewKnown || a.givenUpViews !== b.givenUpViews || a.settings !== b.settings
  || a.override !== b.override || a.stop !== b.stop || a.joining !== b.joining || a.decision?.rule !== b.decision?.rule || a.nonPrimarySince !== b.nonPrimarySince
