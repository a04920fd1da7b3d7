import { EventEmitter } from 'node:events'
import { type ErrorShape, ReportedError } from '../errors.ts'
import { AGENT_ENDS } from '../galera/cycle/commands.ts'
import type { Effect, Op, Saying } from '../galera/cycle/effect.ts'
import type { Command, Input, Message, Result } from '../galera/cycle/input.ts'
import type { Override, State } from '../galera/cycle/state.ts'
import { step } from '../galera/cycle/step.ts'
import type { Departure } from '../galera/departure.ts'
import type { Answer, Proposal } from '../galera/fence.ts'
import type { Ledger } from '../galera/ledger.ts'
import { errorShape } from '../system/error-shape.ts'
import { within } from '../system/wait.ts'
import type { Logger } from '../system/log.ts'
import { moment } from './moment.ts'

/** How long what is under way may take to end with the agent, milliseconds. */
const LONGEST_END = 5_000

type Given = Message | Command | Result | { readonly in: 'tick' }

/** What carries out the effects. */
export interface Surroundings {
  /** Resolves when it is on the disk. */
  readonly record: (ledger: Ledger) => Promise<void>
  /** Whatever is thrown is a failed result. */
  readonly op: (effect: Op) => Promise<Result>
  readonly say: (effect: Saying) => Promise<void>
  readonly countCrash: () => void
  readonly log: Logger
}

/**
 * Runs the cycle: takes one input after the other, makes the ledger durable, and only then shows the new state and
 * carries out its effects. All that is decided is decided in `step`.
 */
export class Loop implements AsyncDisposable {
  /** `change` with each new phase or message, `step` with each new state. */
  readonly events = new EventEmitter<{ change: []; step: [] }>()
  readonly #ended = new AbortController()
  #around: Surroundings | null = null
  #state: State
  readonly #inputs: Given[] = []
  #working = false
  #work: Promise<void> | null = null
  readonly #underWay = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #ids = 0
  readonly #answers = new Map<number, (answer: Answer) => void>()
  readonly #confirmations = new Map<number, (error: ErrorShape | null) => void>()
  #stopped: { readonly resolve: (clean: boolean) => void; readonly reject: (error: Error) => void }[] = []

  constructor(state: State) {
    this.#state = state
    this.events.setMaxListeners(0)
  }

  get state(): State {
    return this.#state
  }

  /** What is under way outside is given up when this is aborted. */
  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /** From here on the node is looked after. Resolves when it was looked at. */
  begin(around: Surroundings): Promise<void> {
    this.#around = around
    this.give({ in: 'tick' })
    return this.until(({ op, task }) => op > 0 && !(op === 1 && task.at === 'looking'))
  }

  give(input: Given): void {
    if (this.signal.aborted || this.#around === null) return this.#settleWaiting()
    this.#inputs.push(input)
    if (this.#working) return
    this.#working = true
    this.#work = this.#takeAll(this.#around)
  }

  /** Resolves with the first state of which that is true. */
  until(isTrue: (state: State) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!isTrue(this.#state) && !this.signal.aborted) return
        this.events.off('step', look)
        resolve()
      }
      this.events.on('step', look)
      look()
    })
  }

  /** The answer, when what it promises is durable. */
  propose(proposal: Proposal): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const id = ++this.#ids
    this.#answers.set(id, resolve)
    this.give({ in: 'proposal', proposal, id })
    return promise
  }

  /** @returns why it could not be kept, null where it was */
  learn(departure: Departure): Promise<ErrorShape | null> {
    return this.#confirmed((id) => ({ in: 'departure', departure, id }))
  }

  /** @returns why it is not taken, null where it is */
  override(override: Override): Promise<ErrorShape | null> {
    return this.#confirmed((id) => ({ in: 'override', override, id }))
  }

  /** @returns why it is not taken, null where it is, and what went wrong before is forgotten */
  start(restored: boolean): Promise<ErrorShape | null> {
    return this.#confirmed((id) => ({ in: 'start', restored, id }))
  }

  /** @returns whether the server ended by itself @throws ReportedError where it cannot be ended */
  stop(timeout: number, quit: boolean): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    this.#stopped.push({ resolve, reject })
    this.give({ in: 'stop', timeout, quit })
    return promise
  }

  /** Ends the work and leaves the server as it is: the next agent takes it over. Nothing of it is under way any more when it resolves, but what hangs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort()
    clearTimeout(this.#timer)
    this.events.emit('step')
    this.#settleWaiting()
    await within(Promise.allSettled([this.#work, ...this.#underWay]), LONGEST_END).catch(() => undefined)
  }

  /** Nobody will carry out any more what these wait for. */
  #settleWaiting(): void {
    for (const answer of this.#answers.values()) answer({ ack: false, reason: AGENT_ENDS.message })
    for (const confirm of this.#confirmations.values()) confirm(AGENT_ENDS)
    for (const { reject } of this.#stopped.splice(0)) reject(new ReportedError(AGENT_ENDS))
    this.#answers.clear()
    this.#confirmations.clear()
  }

  #confirmed(message: (id: number) => Message | Command): Promise<ErrorShape | null> {
    const { promise, resolve } = Promise.withResolvers<ErrorShape | null>()
    const id = ++this.#ids
    this.#confirmations.set(id, resolve)
    this.give(message(id))
    return promise
  }

  async #takeAll(around: Surroundings): Promise<void> {
    for (let input = this.#inputs.shift(); input !== undefined && !this.signal.aborted; input = this.#inputs.shift()) {
      await this.#take({ ...input, ...moment() } as Input, around).catch((error: unknown) => this.#stumble(input, error, around))
    }
    this.#working = false
    this.#setTimer()
  }

  async #take(input: Input, around: Surroundings): Promise<void> {
    const old = this.#state
    const next = step(old, input)
    if (next.state.ledger === old.ledger) return this.#commit(next.state, next.effects, around)
    const unwritten = await around.record(next.state.ledger).then(() => null, (error: Error) => error.message)
    if (this.signal.aborted) return
    if (unwritten === null) return this.#commit({ ...next.state, unwritten: null }, next.effects, around)
    const without = step(old, { ...input, unwritten })
    this.#commit({ ...without.state, ledger: old.ledger, unwritten }, without.effects, around)
  }

  #commit(state: State, effects: readonly Effect[], around: Surroundings): void {
    const { phase, message, failure } = this.#state
    this.#state = state
    const changed = state.phase !== phase || state.message !== message
    if (changed) around.log.info({ phase: state.phase }, state.message)
    if (changed || state.failure !== failure) this.events.emit('change')
    this.events.emit('step')
    for (const effect of effects) this.#carryOut(effect, around)
  }

  #carryOut(effect: Effect, around: Surroundings): void {
    if ('op' in effect) {
      const doing = this.#perform(effect, around).finally(() => this.#underWay.delete(doing))
      this.#underWay.add(doing)
      return
    }
    switch (effect.do) {
      case 'answer':
        this.#answers.get(effect.id)?.(effect.answer)
        this.#answers.delete(effect.id)
        return
      case 'confirm':
        this.#confirmations.get(effect.id)?.(effect.error)
        this.#confirmations.delete(effect.id)
        return
      case 'stopped':
        for (const { resolve, reject } of this.#stopped.splice(0)) {
          if (effect.error === null) resolve(effect.clean)
          else reject(new ReportedError(effect.error))
        }
        return
      case 'count-crash':
        around.countCrash()
        return
      case 'log':
        around.log[effect.level]({ ...effect.detail }, effect.text)
        return
      default:
        void around.say(effect).catch((error: unknown) => around.log.warn({ err: error }, `${effect.do} failed`))
    }
  }

  async #perform(effect: Op, around: Surroundings): Promise<void> {
    const { op } = effect
    this.give(await around.op(effect).catch((error: unknown): Result => ({ in: 'failed', op, error: errorShape(error) })))
  }

  /** A bug must not end the loop: what waits for a result gets a failure. */
  #stumble(input: Given, error: unknown, { log }: Surroundings): void {
    log.fatal({ err: error, input: input.in }, 'a step of the cycle failed')
    if ('op' in input && input.in !== 'failed') this.#inputs.push({ in: 'failed', op: input.op, error: errorShape(error) })
  }

  #setTimer(): void {
    clearTimeout(this.#timer)
    const { wakeAt } = this.#state
    if (wakeAt === null || this.signal.aborted) return
    this.#timer = setTimeout(() => this.give({ in: 'tick' }), Math.max(0, wakeAt - performance.now()))
  }
}

