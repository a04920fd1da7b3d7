import { shortened, type SqlError, TimeoutError, UnknownOutcomeError } from '../errors.ts'
import { type Failure, failureOf, isEndOfWait, isOwnLimit } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Answered, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import type { Statement } from '../sql/statement.ts'
import type { Engine } from '../engine.ts'
import { backoff, untilReady } from './backoff.ts'
import { later } from './later.ts'

/** Where connections come from: a pool, or a session that keeps them. */
export interface Source {
  /** One that has applied what the settings ask for. */
  readonly take: (what: 'read' | 'write', deadline: number) => Promise<Taken>
  readonly give: (taken: Taken) => void
}

/** A statement outside a transaction: a read is repeated elsewhere, a write only where it was surely not applied. */
export function runAlone(engine: Engine, settings: Settings, source: Source, work: Work, statement: Statement): Promise<Answer> {
  return statement.kind === 'read' || statement.kind === 'last' ? read(engine, settings, source, work) : write(engine, settings, source, work, statement)
}

/** A read on a connection that was taken already: without a promise, unless it fails. */
export function readNow(engine: Engine, settings: Settings, source: Source, taken: Taken, work: Work, done: Answered): void {
  engine.counters.reads++
  const { node, link } = taken
  link.repeatable = true
  const end: Answered = (error, rows, fields) => {
    link.repeatable = false
    source.give({ node, link })
    if (error === null) return done(null, rows, fields)
    later(read(engine, settings, source, work, { taken, error }), done)
  }
  try {
    link.send(work, end)
  } catch (error) {
    end(error as SqlError, undefined)
  }
}

/** `failed`: how a first try went. */
async function read(engine: Engine, settings: Settings, source: Source, work: Work, failed: { readonly taken: Taken; readonly error: unknown } | null = null): Promise<Answer> {
  if (failed === null) engine.counters.reads++
  const deadline = performance.now() + settings.failoverTimeout
  if (failed !== null) await goOn(engine, failed.taken, work, failed.error, 0, deadline, settings.failoverTimeout, failureOfRead(failed.taken, failed.error))
  for (let attempt = failed === null ? 0 : 1; ; attempt++) {
    const taken = await source.take(settings.splitReads ? 'read' : 'write', deadline)
    const { node, link } = taken
    link.repeatable = true
    try {
      return await link.run(work)
    } catch (error) {
      await goOn(engine, taken, work, error, attempt, deadline, settings.failoverTimeout, failureOfRead(taken, error))
    } finally {
      link.repeatable = false
      source.give({ node, link })
    }
  }
}

async function write(engine: Engine, settings: Settings, source: Source, work: Work, { kind, lastId, givesId }: Statement): Promise<Answer> {
  engine.counters.writes++
  const deadline = performance.now() + settings.failoverTimeout
  for (let attempt = 0; ; attempt++) {
    const taken = await source.take('write', deadline)
    const { node, link } = taken
    // What is dead before it was used has taken nothing.
    const sent = link.dead === null
    try {
      const answer = await link.run(work)
      engine.causality.wrote(node)
      return answer
    } catch (error) {
      // What came before its failure may be there.
      if (kind === 'opaque') engine.causality.wrote(node)
      // Asked once more, the connection may take the id that it gave in vain for the last.
      if (lastId && givesId && failureOf(error) === 'conflict') throw error
      if (sent && isUnknown(error, kind)) throw unknownWrite(engine, taken, work, error as Error)
      await goOn(engine, taken, work, error, attempt, deadline, settings.failoverTimeout)
    } finally {
      source.give(taken)
    }
  }
}

/** Whether a write that failed so may have been applied. What holds several statements, or calls some, may have been applied in part. */
export function isUnknown(error: unknown, kind: Statement['kind']): boolean {
  const failure = failureOf(error)
  return failure === 'lost' || failure === 'unsure' || (kind === 'opaque' && failure !== 'statement')
}

export function unknownWrite(engine: Engine, { node, link }: Taken, { options }: Work, error: Error): UnknownOutcomeError {
  link.kill(error)
  engine.cluster.heard(node, error)
  // It may be there, and then what comes next must see it.
  engine.causality.wrote(node)
  engine.counters.unknownOutcomes++
  engine.tell('outcome', { committed: null, error })
  return new UnknownOutcomeError(shortened(options.sql), error)
}

/** What the application has limited itself took longer, and changed nothing. */
export const overLimit = ({ sql, timeout }: Work['options'], error: unknown): TimeoutError => new TimeoutError(shortened(sql), Number(timeout), error)

/** One that waits for the cluster before it is run (wsrep_sync_wait) was not run where that wait came to an end. */
const failureOfRead = ({ link }: Taken, error: unknown): Failure => (link.syncWait !== 0 && isEndOfWait(error) ? 'refused' : failureOf(error))

/** Throws where another try would be no use. */
async function goOn(engine: Engine, { node, link }: Taken, { options }: Work, error: unknown, attempt: number, deadline: number, time: number, failure: Failure = failureOf(error)): Promise<void> {
  if (failure === 'statement') throw error
  if (isOwnLimit(error)) throw overLimit(options, error)
  // The server is about to close it, if it has not.
  if (failure === 'lost' || failure === 'unsure') link.kill(error as Error)
  engine.cluster.heard(node, error)
  if (performance.now() >= deadline) throw new TimeoutError(shortened(options.sql), time, error)
  engine.counters.failovers++
  engine.tell('failover', { from: node.name, sql: shortened(options.sql), error: error as Error })
  if (failure === 'conflict') await backoff(attempt)
  else if (attempt > 0) await untilReady(attempt)
}
