import { EventEmitter } from 'node:events'
import type { QueryOptions } from 'mysql2'
import type { Work } from '../nodes/link.ts'
import type { SqlError } from '../errors.ts'

/** As mysql2 calls back. */
export type Done = (error: SqlError | null, rows?: unknown, fields?: unknown) => void

export interface Call {
  readonly work: Work
  readonly done: Done | undefined
}

/** What a statement gets where its own options do not say it. */
export type Own = Pick<QueryOptions, 'typeCast'>

/** The forms that mysql2 takes: `(sql, done)`, `(sql, values, done)`, `(options, done)`, `(options, values, done)`. Pure. */
export function callOf(protocol: Work['protocol'], sql: string | QueryOptions, values?: unknown, done?: Done, own?: Own): Call {
  const given: QueryOptions = typeof sql === 'object' && sql !== null ? sql : { sql }
  const options = own === undefined || given.typeCast !== undefined ? given : { ...given, ...own }
  if (typeof values === 'function') return { work: { protocol, options }, done: values as Done }
  if (values === undefined) return { work: { protocol, options }, done }
  // What is given beside the options is for the text of theirs, unless they have their own: as mysql2 has it.
  return { work: { protocol, options: protocol === 'query' || options.values === undefined ? ({ ...options, values } as QueryOptions) : options }, done }
}

/** Why it can't be sent at all; null where it can. Pure. */
export function wrongIn({ options: { sql } }: Work): TypeError | null {
  return typeof sql === 'string' ? null : new TypeError(`The SQL must be a string, not ${sql === null ? 'null' : typeof sql}.`)
}

/** What mysql2 returns where it is to call back: some listen to its `end`, or count on an EventEmitter (Sequelize). */
export class Called extends EventEmitter {
  readonly done: Done
  readonly #text: () => string

  /** `text`: what the server gets. */
  constructor(done: Done, text: () => string) {
    super()
    this.#text = text
    this.done = (error, rows, fields) => {
      done(error, rows, fields)
      this.emit('end')
    }
  }

  /** With its values in it, as mysql2 has it. */
  get sql(): string {
    return this.#text()
  }
}

/** Of a call that nothing is done for. */
export function refused(done: Done, error: Error, work: Work): Called {
  const command = new Called(done, () => work.options.sql)
  process.nextTick(command.done, error)
  return command
}
