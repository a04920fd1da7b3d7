import { type Agent, OCF } from './agent.ts'
import type { Attributes } from './attributes.ts'
import type { Host } from './peer.ts'

/** What the cluster manager believes of the resource on one host. `banned`: its start failed, which pacemaker takes for final (start-failure-is-fatal). */
type Role = 'unknown' | 'stopped' | 'unpromoted' | 'promoted' | 'banned'

/** Milliseconds between recurring monitors, as the agent's metadata advises. */
const MONITOR = { unpromoted: 30_000, promoted: 10_000 } as const

/** One host as pacemaker's rules for a promotable clone see it; `step` is at most one action. */
export class ManagedNode {
  readonly host: Host
  readonly #agent: Agent
  readonly #attributes: Attributes
  #role: Role = 'unknown'
  #monitored = 0
  up = false
  /** The administrator wants no resource here. */
  standby = false

  constructor(host: Host, agent: Agent, attributes: Attributes) {
    this.host = host
    this.#agent = agent
    this.#attributes = attributes
  }

  get role(): Role {
    return this.#role
  }

  powerOn(): void {
    this.#attributes.forget(this.host)
    this.#role = 'unknown'
    this.standby = false
    this.up = true
  }

  cut(): void {
    this.up = false
    this.#agent.cut()
    this.#attributes.forget(this.host)
  }

  /** The next action that is due, or null. `allowed`: the cluster has quorum. */
  due(allowed: boolean): (() => Promise<void>) | null {
    if (!this.up) return null
    const wanted = allowed && !this.standby
    const score = this.#attributes.score(this.host)
    switch (this.#role) {
      case 'unknown': return () => this.#probe()
      case 'banned': return null
      case 'stopped': return wanted ? () => this.#start() : null
      case 'unpromoted':
        if (!wanted) return () => this.#stop('stopped')
        if (score > 0) return () => this.#promote()
        return this.#monitorDue('unpromoted') ? () => this.#monitor('unpromoted', OCF.success) : null
      case 'promoted':
        if (!wanted || score <= 0) return () => this.#demote()
        return this.#monitorDue('promoted') ? () => this.#monitor('promoted', OCF.promoted) : null
      default: throw this.#role satisfies never
    }
  }

  async #probe(): Promise<void> {
    const code = await this.#agent.call('monitor', 0)
    if (code === OCF.notRunning) this.#become('stopped')
    else if (code === OCF.success) this.#become('unpromoted')
    else if (code === OCF.promoted) this.#become('promoted')
    else if (code !== OCF.cut) await this.#stop('stopped')
  }

  async #start(): Promise<void> {
    const code = await this.#agent.call('start')
    if (code === OCF.success) this.#become('unpromoted')
    else if (code !== OCF.cut) await this.#stop('banned')
  }

  async #promote(): Promise<void> {
    const code = await this.#agent.call('promote')
    if (code === OCF.success) this.#become('promoted')
    else if (code !== OCF.cut) await this.#recover()
  }

  async #demote(): Promise<void> {
    const code = await this.#agent.call('demote')
    if (code === OCF.success) this.#become('unpromoted')
    else if (code !== OCF.cut) await this.#stop('stopped')
  }

  async #stop(then: 'stopped' | 'banned'): Promise<void> {
    if ((await this.#agent.call('stop')) !== OCF.cut) this.#become(then)
  }

  async #monitor(role: keyof typeof MONITOR, expected: number): Promise<void> {
    this.#monitored = performance.now()
    const code = await this.#agent.call('monitor', MONITOR[role])
    if (code !== expected && code !== OCF.cut) await this.#recover()
  }

  /** Pacemaker's answer to a failed promote or monitor: demote, stop; the start follows. */
  async #recover(): Promise<void> {
    if ((await this.#agent.call('demote')) !== OCF.cut) await this.#stop('stopped')
  }

  #monitorDue(role: keyof typeof MONITOR): boolean {
    return performance.now() - this.#monitored > MONITOR[role]
  }

  #become(role: Role): void {
    if (!this.up) return
    this.#role = role
    this.#monitored = performance.now()
    this.#attributes.setRole(this.host, role === 'promoted' ? 'Promoted' : role === 'unpromoted' ? 'Unpromoted' : null)
  }
}
