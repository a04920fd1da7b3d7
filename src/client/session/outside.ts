import type { Engine } from '../engine.ts'
import { LostSessionError, shortened } from '../errors.ts'
import { failureOf, isOwnLimit } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import type { Kind, Statement } from '../sql/statement.ts'
import { isAtRest, isOpen } from './at-rest.ts'
import { isUnknown, overLimit, readNow, runAlone, type Source, unknownWrite } from './autocommit.ts'
import { backoff } from './backoff.ts'
import type { Bound } from './bound.ts'
import { runAfterWait } from './once.ts'
import { text } from './recorded.ts'

/** Of the answer to what was not understood. Rows do not say it. */
const openAfter = (rows: unknown): Bound['open'] => (isAtRest(rows) ? 'no' : isOpen(rows) ? 'yes' : 'unsure')

/** The statements of a session outside of its transactions. */
export class Outside {
  readonly #engine: Engine
  readonly #bound: Bound
  readonly #settings: () => Settings
  readonly #source: Source
  readonly #fail: (error: Error) => void

  /** `fail`: what such a statement had begun was rolled back. */
  constructor(engine: Engine, bound: Bound, settings: () => Settings, fail: (error: Error) => void) {
    this.#engine = engine
    this.#bound = bound
    this.#settings = settings
    this.#fail = fail
    this.#source = { take: (what, deadline) => bound.bind(what, deadline), give: () => undefined }
  }

  async run(work: Work, statement: Statement): Promise<Answer> {
    const { kind, lastId, ofBefore } = statement
    const bound = this.#bound
    if (bound.pinned !== null) return this.#pinned(work, statement)
    const asked = lastId ? bound.write : bound.last
    if (kind === 'last' && asked !== null && (ofBefore || asked.link.dead === null)) {
      bound.lastId.require(asked.link)
      return this.#ask(asked, work, statement)
    }
    return kind === 'opaque' ? this.#opaque(work, statement) : runAlone(this.#engine, this.#settings(), this.#source, work, statement)
  }

  /** A read on a connection that is bound already. */
  readNow(taken: Taken, work: Work, done: Answered): void {
    readNow(this.#engine, this.#settings(), this.#source, taken, work, done)
  }

  /** Asks the server, where the answer to something that was not understood has not said it, whether a transaction is open. */
  async settle(): Promise<void> {
    const bound = this.#bound
    if (bound.open !== 'unsure' || bound.serverBegins || bound.isPinLost) return
    const { link, node } = bound.onlyOne()
    try {
      const [row] = await link.rows('SELECT @@in_transaction AS transaction, @@autocommit AS autocommit')
      const isOver = Number(row?.['transaction']) === 0 && Number(row?.['autocommit']) === 1
      if (isOver) bound.nothingOpen()
      else bound.open = 'yes'
    } catch (error) {
      this.#engine.cluster.heard(node, error)
      link.kill(error as Error)
    }
  }

  /** Where nothing else was open there, what another was faster than is sent once more. */
  async #pinned(work: Work, { kind, lastId, givesId }: Statement): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const alone = !this.#bound.mayBeOpen
      try {
        return await this.onPinned(work, kind)
      } catch (error) {
        // Asked once more, the connection may take the id that it gave in vain for the last.
        const isAgain = alone && kind === 'write' && !(lastId && givesId) && failureOf(error) === 'conflict'
        if (!isAgain || attempt >= this.#settings().replays) throw error
        this.#engine.counters.failovers++
        this.#engine.tell('failover', { from: this.#bound.write?.node.name ?? '', sql: shortened(work.options.sql), error: error as Error })
        await backoff(attempt)
      }
    }
  }

  /** On the one connection that all is pinned to. */
  async onPinned(work: Work, kind: Kind): Promise<Answer> {
    // Nothing may come between a statement and what asks for its outcome.
    const taken = kind === 'read' ? await this.#bound.bind('write') : this.#bound.onlyOne()
    const { causality, cluster } = this.#engine
    const wasOpen = this.#bound.open === 'yes' || this.#bound.serverBegins
    const reads = kind === 'read' || kind === 'last' || kind === 'rollback'
    try {
      const answer = reads ? await runAfterWait(taken.link, work, performance.now() + this.#settings().failoverTimeout) : await taken.link.run(work)
      if (!reads) causality.wrote(taken.node)
      this.#note(kind, answer.rows)
      return answer
    } catch (error) {
      if (kind === 'opaque') {
        causality.wrote(taken.node)
        this.#bound.open = 'unsure'
      }
      if (!reads && isUnknown(error, kind)) {
        const unknown = unknownWrite(this.#engine, taken, work, error as Error)
        // Nothing may tell it as rolled back later.
        if (wasOpen) this.#fail(unknown)
        else this.#bound.nothingOpen()
        throw unknown
      }
      cluster.heard(taken.node, error)
      // The server has rolled back what was open, and would commit what comes next by itself.
      if (failureOf(error) === 'conflict' && this.#bound.mayBeOpen) {
        await taken.link.run(text('ROLLBACK')).catch((cause) => taken.link.kill(cause as Error))
        this.#bound.open = 'no'
        this.#fail(error as Error)
      }
      if (reads && isOwnLimit(error)) throw overLimit(work.options, error)
      // Tells what was lost with it.
      if (reads && failureOf(error) === 'lost') {
        taken.link.kill(error as Error)
        this.#bound.onlyOne()
      }
      throw error
    }
  }

  /** What a server that begins by itself has committed within is known again when the application has ended it. */
  #note(kind: Kind, rows: unknown): void {
    const bound = this.#bound
    if (kind === 'opaque') bound.open = bound.serverBegins ? 'unsure' : openAfter(rows)
    else if (bound.serverBegins ? kind === 'commit' || kind === 'rollback' : isAtRest(rows)) bound.open = 'no'
  }

  /** The connection that alone knows it. */
  async #ask(taken: Taken, work: Work, statement: Statement): Promise<Answer> {
    const { link, node } = taken
    this.#bound.last = taken
    if (statement.ofBefore && link.dead !== null) throw new LostSessionError('how the statement before went', link.dead)
    try {
      return await link.run(work)
    } catch (error) {
      this.#engine.cluster.heard(node, error)
      if (isOwnLimit(error)) throw overLimit(work.options, error)
      if (failureOf(error) !== 'lost') throw error
      link.kill(error as Error)
      if (statement.ofBefore) throw new LostSessionError('how the statement before went', error)
      if (statement.lastId) this.#bound.lastId.require(link)
      return runAlone(this.#engine, this.#settings(), this.#source, work, statement)
    }
  }

  /** It may leave anything behind, also where it fails; where the server does not say that no transaction is open, all goes on there. */
  async #opaque(work: Work, statement: Statement): Promise<Answer> {
    let rows: unknown
    try {
      const answer = await runAlone(this.#engine, this.#settings(), this.#source, work, statement)
      rows = answer.rows
      return answer
    } finally {
      const { write } = this.#bound
      if (write !== null && write.link.dead === null) {
        write.link.tainted = true
        this.#bound.pinOpen(write, openAfter(rows))
      }
    }
  }
}
