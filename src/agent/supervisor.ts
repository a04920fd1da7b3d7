import { setTimeout as delay } from 'node:timers/promises'
import { GaleractlError } from '../errors.ts'
import { findServer, isRunning, killServer, logSize, clearDeadServer } from '../mariadb/server.ts'
import { errorShape } from '../system/error-shape.ts'
import { within } from '../system/wait.ts'
import { bringUp, takeOver } from './bring-up.ts'
import { recordCleanStop, tellDeparture } from './departure.ts'
import { endIfOutside, endServer, isForeign, poll, rememberView, wrongHistory } from './membership.ts'
import type { Node } from './node.ts'
import { tendNonPrimary } from './outside-primary.ts'
import { watchPeers } from './peer-watch.ts'
import { readPosition } from './position.ts'

const WATCH_INTERVAL = 500
/** Between two looks while events come, milliseconds: twice as long each time, so that a flood of them costs little. */
const LEAST_PAUSE = 20
const LONGEST_PAUSE = 160
/** Milliseconds. */
const LOOKOUT_INTERVAL = 2_000
const LONGEST_BACKOFF = 60_000

/** A server that has not joined yet holds nothing that is not elsewhere, and often hears SIGTERM late. Milliseconds. */
const JOINER_PATIENCE = 10_000

/** How long a stop waits for the server's last word on its view, milliseconds. */
const LAST_LOOK = 1_000

/** Brings the node up, watches it, and brings it up again after a crash, until it is told to stop. */
export class Supervisor {
  readonly #node: Node
  #abort = new AbortController()
  #working: Promise<void> = Promise.resolve()
  #poke: () => void = () => undefined
  #poked = false

  constructor(node: Node) {
    this.#node = node
  }

  /** Takes over a mariadbd that runs already, and watches it. @returns whether there was one */
  async adopt(): Promise<boolean> {
    const found = await takeOver(this.#node)
    if (found) this.start()
    return found
  }

  /** A stopped node whose mariadbd somebody starts by hand is watched at once: it may have made a history of its own. */
  lookOut(): Disposable {
    const node = this.#node
    const timer = setInterval(() => {
      if (node.intent === 'stay' && node.phase === 'stopped' && node.server === null) void this.adopt().catch((error) => node.log.error({ err: error }, 'looking for a server failed'))
    }, LOOKOUT_INTERVAL)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  /** Tells the peers this node's position while it stays stopped. */
  async rest(): Promise<void> {
    if (this.#abort.signal.aborted) this.#abort = new AbortController()
    await readPosition(this.#node, this.#abort.signal)
    if (this.#node.intent === 'stay') this.#node.say('stopped', 'stopped; the agent answers peers')
  }

  start(): void {
    if (this.#node.intent === 'start') return
    this.#node.intent = 'start'
    this.#node.failure = null
    this.#abort = new AbortController()
    const { signal } = this.#abort
    this.#working = this.#working.then(() => this.#keepUp(signal))
  }

  /** Ends the work and leaves mariadbd as it is: the next agent takes it over. */
  async release(): Promise<void> {
    this.#abort.abort()
    await this.#node.session[Symbol.asyncDispose]()
    await this.#working.catch(() => undefined)
  }

  /** Something happened at the server: look at once. */
  poke(): void {
    this.#poked = true
    this.#poke()
  }

  /** Ends the work, stops mariadbd within `timeout` (milliseconds) and records a clean departure durably. @returns whether mariadbd ended by itself */
  async stop(timeout: number = this.#node.config.stopTimeout): Promise<boolean> {
    const node = this.#node
    const joining = node.launched === 'join'
    node.intent = 'stay'
    node.word = null
    node.askingSince = null
    this.#abort.abort()
    // What is asked of a server that hangs fails now, not when its time is up.
    await node.session[Symbol.asyncDispose]()
    await this.#working.catch(() => undefined)
    node.server ??= await findServer(node.files)
    if (node.server === null) {
      node.say('stopped', 'mariadbd is not running')
      return true
    }
    await within(poll(node), LAST_LOOK).catch(() => undefined)
    await rememberView(node)
    const nodeUuid = node.status?.nodeUuid
    const patience = joining ? Math.min(timeout, JOINER_PATIENCE) : timeout
    node.say('stopping', `stopping mariadbd, at most ${patience / 1000} s`)
    const clean = await endServer(node, patience)
    await this.#ended()
    const position = clean ? await recordCleanStop(node) : null
    if (position !== null && nodeUuid !== undefined) await tellDeparture(node, { name: node.config.name, nodeUuid, ...position })
    node.say('stopped', clean ? 'stopped' : 'mariadbd did not end in time and was killed')
    return clean
  }

  async #keepUp(signal: AbortSignal): Promise<void> {
    const node = this.#node
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        const adopted = node.server !== null && (await isRunning(node.server))
        if (!adopted) {
          await this.#ended()
          await bringUp(node, signal)
        }
        node.failure = null
        const up = performance.now()
        await this.#watch(signal)
        if (performance.now() - up > LONGEST_BACKOFF) failures = 0
        node.counts.crashes++
        node.log.error('mariadbd ended unexpectedly; it is started again')
        await this.#ended()
      } catch (error) {
        if (signal.aborted) return
        await this.#failed(error)
        if (node.server === null) await readPosition(node, signal).catch((cause) => node.log.error({ err: cause }, 'the position can not be read'))
        if (error instanceof GaleractlError && error.exitCode === 3) return
      }
      await delay(Math.min(LONGEST_BACKOFF, 250 * 2 ** failures), undefined, { signal }).catch(() => undefined)
    }
  }

  async #failed(error: unknown): Promise<void> {
    const node = this.#node
    node.log.error({ err: error }, 'the start failed')
    node.failure = errorShape(error)
    if (node.server !== null && !(await isRunning(node.server))) await this.#ended()
    if (node.failure.exitCode === 3) {
      node.intent = 'stay'
      node.word = null
    }
    if (node.server === null) node.launched = null
    node.say(node.intent === 'stay' ? 'stopped' : 'waiting', node.failure.message)
    node.events.emit('change')
  }

  /** mariadbd is gone: what was known of it is void, its position must be read again. */
  async #ended(): Promise<void> {
    const node = this.#node
    node.polls++
    node.server = null
    node.status = null
    node.outsideSince = null
    node.nonPrimarySince = null
    node.alarms = []
    node.launched = null
    node.namedView = null
    node.datadir = null
    await node.session[Symbol.asyncDispose]()
    await clearDeadServer(node.files)
  }

  /** Returns when mariadbd ends. */
  async #watch(signal: AbortSignal): Promise<void> {
    const node = this.#node
    const logOffset = await logSize(node.paths.serverLog)
    for (let pause = LEAST_PAUSE; !signal.aborted && node.server !== null && (await isRunning(node.server)); pause = this.#poked ? Math.min(2 * pause, LONGEST_PAUSE) : LEAST_PAUSE) {
      this.#poked = false
      await poll(node)
      await endIfOutside(node, logOffset)
      if (node.status !== null && isForeign(node, node.status)) {
        await killServer(node.server)
        throw wrongHistory(node, node.ledger.ledger.history, node.status.stateUuid)
      }
      await tendNonPrimary(node)
      await watchPeers(node)
      if (node.synced) node.madeEmpty = false
      if (node.nonPrimarySince === null) node.say(node.synced ? 'running' : 'joining', node.synced ? 'Synced' : (node.status?.localStateComment ?? 'mariadbd does not answer SQL'))
      else if (node.phase === 'running') node.say('waiting', 'not in a primary component any more; Galera itself may mend it')
      await delay(pause, undefined, { signal }).catch(() => undefined)
      // Poked while it looked: what it saw may be older.
      if (this.#poked) continue
      await Promise.race([delay(WATCH_INTERVAL - pause, undefined, { signal }).catch(() => undefined), new Promise<void>((resolve) => (this.#poke = resolve))])
    }
    signal.throwIfAborted()
  }
}
