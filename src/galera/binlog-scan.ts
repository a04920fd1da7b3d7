import { damaged, endsTransaction, EVENT, type EventHeader, hasChecksums, parseGtidEvent, parseGtidList, parseXid } from './binlog-event.ts'
import { BinlogEvents } from './binlog-events.ts'
import { CLUSTER_DOMAIN, type ServerGtid } from './server-gtid.ts'

/** A transaction or a statement that stands alone, with its GTID. Offsets are in bytes from the beginning of the file. */
export interface BinlogGroup {
  readonly gtid: ServerGtid
  /** Seconds since 1970. */
  readonly time: number
  readonly start: number
  readonly end: number
  /** Galera's seqno; null for DDL, which does not tell it. */
  readonly seqno: bigint | null
}

/** GTIDs of the cluster that follow one another without a break: seqnos, both included. A statement that failed leaves a break on all nodes. */
export interface Run {
  readonly first: bigint
  readonly last: bigint
}

/** Then breaks are not told apart any more. */
const MOST_RUNS = 10_000

/** Reads a binary log as it comes, in chunks of any size; keeps what it holds, not its bytes. */
export class BinlogScan {
  readonly #seen: ((group: BinlogGroup) => void) | null
  readonly #events = new BinlogEvents((header, event, start) => this.#end(header, event, start))
  #open: { readonly gtid: ServerGtid; readonly standalone: boolean; readonly time: number; readonly start: number; seqno: bigint | null } | null = null
  #checksums = false
  readonly #runs: { first: bigint; last: bigint }[] = []
  readonly #position = new Map<number, ServerGtid>()
  /** Bytes up to the end of the last complete transaction. */
  whole = 0
  /** Seconds since 1970: when the file was begun, and the earliest and latest of the cluster's transactions. */
  created = 0
  firstTime: number | null = null
  lastTime: number | null = null
  /** The state before the file; null until it was read. */
  startState: readonly ServerGtid[] | null = null
  first: ServerGtid | null = null
  last: ServerGtid | null = null
  /** Groups of any domain. */
  groups = 0

  /** `seen` is called with each group that is complete. */
  constructor(seen: ((group: BinlogGroup) => void) | null = null) {
    this.#seen = seen
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  /** The last GTID of each domain behind the last whole transaction. */
  get position(): readonly ServerGtid[] {
    const before = (this.startState ?? []).filter(({ domain }) => !this.#position.has(domain))
    return [...before, ...this.#position.values()].toSorted((a, b) => a.domain - b.domain || (a.seqno < b.seqno ? -1 : 1))
  }

  /** @throws OutsideError `bad-binlog` */
  add(chunk: Buffer): void {
    this.#events.add(chunk)
  }

  /** Bytes of complete events. */
  get events(): number {
    return this.#events.size
  }

  #end(header: EventHeader, event: Buffer | null, start: number): void {
    if (event !== null) this.#learn(header, event, start)
    if (this.#open === null) this.whole = this.events
    else if (header.type !== EVENT.gtid && this.#isLast(header, event)) this.#close(this.events)
  }

  #learn(header: EventHeader, event: Buffer, start: number): void {
    if (header.type === EVENT.format) {
      this.#checksums = hasChecksums(event)
      if (this.created === 0) this.created = header.time
    } else if (header.type === EVENT.encryption) throw damaged('it is encrypted (encrypt_binlog)')
    else if (header.type === EVENT.gtidList) this.startState ??= parseGtidList(event)
    else if (header.type === EVENT.xid && this.#open !== null) this.#open.seqno = parseXid(event)
    else if (header.type === EVENT.gtid) {
      // What came before had an end that is not known here.
      if (this.#open !== null) this.#close(start)
      this.#open = { ...parseGtidEvent(event), time: header.time, start, seqno: null }
    }
  }

  #isLast({ type }: EventHeader, event: Buffer | null): boolean {
    if (type === EVENT.xid || type === EVENT.xaPrepare) return true
    if (type !== EVENT.query && type !== EVENT.queryCompressed) return false
    return this.#open?.standalone === true || (event !== null && type === EVENT.query && endsTransaction(event, this.#checksums))
  }

  #close(end: number): void {
    const open = this.#open
    if (open === null) return
    this.#open = null
    this.whole = end
    this.groups++
    this.#position.set(open.gtid.domain, open.gtid)
    if (open.gtid.domain === CLUSTER_DOMAIN) this.#count(open.gtid, open.time)
    this.#seen?.({ gtid: open.gtid, time: open.time, start: open.start, end, seqno: open.seqno })
  }

  #count(gtid: ServerGtid, time: number): void {
    const run = this.#runs.at(-1)
    if (run === undefined || (gtid.seqno !== run.last + 1n && this.#runs.length < MOST_RUNS)) this.#runs.push({ first: gtid.seqno, last: gtid.seqno })
    else run.last = gtid.seqno
    this.first ??= gtid
    this.last = gtid
    this.firstTime = Math.min(this.firstTime ?? time, time)
    this.lastTime = Math.max(this.lastTime ?? time, time)
  }
}
