import { once } from 'node:events'
import { CONTENDERS, type Place } from './contenders.ts'
import { type Outcome, runLoad } from './load.ts'

/** What it is to do. With a password: not for argv. */
export interface Order {
  readonly name: string
  readonly place: Place
  readonly clients: number
}

/** What the parent hears in the end. */
export interface Told extends Outcome {
  /** Errors that were thrown where nobody can catch them; each ends an application. */
  readonly uncaught: number
}

/**
 * A process of its own with one contender, by fork: gets an `Order`, sends 'running', and on 'end' what it has come to. It ends with its parent, or when
 * that lets it go.
 */
const [{ name, place, clients }] = (await once(process, 'message')) as [Order]
const make = CONTENDERS[name]
if (make === undefined) throw new Error(`there is no contender ${name}`)
const contender = await make(place)
let uncaught = 0
process.on('uncaughtException', () => void uncaught++)
process.once('disconnect', () => {
  contender.stop()
  process.exit()
})
const over = new AbortController()
process.once('message', () => over.abort())
const running = runLoad(contender, clients, over.signal)
process.send?.('running')
const outcome = await running
process.send?.({ ...outcome, uncaught } satisfies Told)
