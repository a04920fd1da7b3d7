import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { promisify } from 'node:util'
import { setTimeout as delay } from 'node:timers/promises'
import { isErrno } from '../system/files.ts'

/** Milliseconds. For so long an answer is not asked for again, */
const FRESH = 2_000
/** a newer one is waited for where there is an older one, */
const PATIENCE = 200
/** and a lookup that takes longer may hang. */
const SLOW = 1_000

/** The thread pool has four threads: the others are for files. */
const AT_ONCE = 2
/** One is left for hosts that are found quickly. */
const SLOW_AT_ONCE = AT_ONCE - 1

/** Hosts that are remembered. */
const MOST_HOSTS = 1_024

interface Host {
  /** The last addresses that were found. */
  known: readonly LookupAddress[]
  /** Why none was. */
  error: unknown
  /** When (performance.now) it was last asked for. */
  at: number
  asking: Promise<void> | null
  slow: boolean
}

/** As getaddrinfo, so /etc/hosts and the order of nsswitch.conf count. */
const ofSystem = (host: string): Promise<readonly LookupAddress[]> => promisify(lookup)(host, { all: true })

/**
 * Addresses of hosts by name. A lookup can't be cancelled and holds a thread of the pool: one for each host at a time,
 * two in all, and a host whose lookup hangs keeps its last addresses and delays no other.
 */
export class HostNames {
  readonly #ask: (host: string) => Promise<readonly LookupAddress[]>
  readonly #fresh: number
  readonly #hosts = new Map<string, Host>()
  readonly #running = new Set<Host>()
  #waiting: { readonly host: Host; readonly begin: () => void }[] = []

  constructor(ask = ofSystem, fresh = FRESH) {
    this.#ask = ask
    this.#fresh = fresh
  }

  /** For node:net and node:http, which look up no numeric address. */
  readonly lookup: LookupFunction = (name, options, callback) => void this.#answer(name, options, callback)

  /** What was last found; nothing is asked. */
  known(name: string): readonly string[] {
    return this.#hosts.get(name)?.known.map(({ address }) => address) ?? []
  }

  async #answer(name: string, { all, family }: LookupOptions, callback: Parameters<LookupFunction>[2]): Promise<void> {
    let found: readonly LookupAddress[]
    try {
      found = await this.#find(name)
    } catch (error) {
      return callback(error as NodeJS.ErrnoException, '', 0)
    }
    const fit = found.filter((one) => (family !== 4 && family !== 'IPv4' && family !== 6 && family !== 'IPv6') || String(family).endsWith(String(one.family)))
    if (fit[0] === undefined) callback(Object.assign(new Error(`${name} has no such address`), { code: 'ENOTFOUND' }), '', 0)
    else if (all === true) callback(null, [...fit])
    else callback(null, fit[0].address, fit[0].family)
  }

  async #find(name: string): Promise<readonly LookupAddress[]> {
    const host = this.#hosts.get(name) ?? this.#remember(name)
    if (performance.now() - host.at >= this.#fresh) {
      host.asking ??= this.#look(name, host)
      await (host.known.length === 0 ? host.asking : Promise.race([host.asking, delay(PATIENCE, undefined, { ref: false })]))
    }
    if (host.known.length === 0) throw host.error
    return host.known
  }

  #remember(name: string): Host {
    const host: Host = { known: [], error: null, at: -Infinity, asking: null, slow: false }
    for (const [old, { asking }] of this.#hosts) {
      if (this.#hosts.size < MOST_HOSTS) break
      if (asking === null) this.#hosts.delete(old)
    }
    this.#hosts.set(name, host)
    return host
  }

  async #look(name: string, host: Host): Promise<void> {
    await this.#turn(host)
    const begun = performance.now()
    const slow = setTimeout(() => (host.slow = true), SLOW)
    try {
      host.known = await this.#ask(name)
    } catch (error) {
      // Only where the answer is that there is no such host are its old addresses void.
      if (isErrno(error, 'ENOTFOUND')) host.known = []
      host.error = error
    } finally {
      clearTimeout(slow)
      host.at = performance.now()
      host.slow = host.at - begun >= SLOW
      host.asking = null
      this.#running.delete(host)
      this.#next()
    }
  }

  #turn(host: Host): Promise<void> {
    return new Promise((begin) => {
      this.#waiting.push({ host, begin })
      this.#next()
    })
  }

  #next(): void {
    for (const one of this.#waiting) {
      const slow = [...this.#running].filter((host) => host.slow).length
      if (this.#running.size >= AT_ONCE) return
      if (one.host.slow && slow >= SLOW_AT_ONCE) continue
      this.#running.add(one.host)
      this.#waiting = this.#waiting.filter((other) => other !== one)
      one.begin()
    }
  }
}

/** Of this process. */
export const hostNames = new HostNames()
