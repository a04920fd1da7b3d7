import type { Answer } from '../../src/galera/fence.ts'
import type { NodeStatus } from '../../src/galera/node-status.ts'
import type { Data, Observation } from '../../src/galera/observation.ts'
import type { View } from '../../src/galera/view.ts'
import type { Op } from '../../src/galera/cycle/effect.ts'
import type { Look, Result } from '../../src/galera/cycle/input.ts'
import type { DatadirState, Handle, State } from '../../src/galera/cycle/state.ts'
import { type Disk, type Group, isComplete, isPrimary, type Server } from './galera-group.ts'
import type { Galera } from './galera-model.ts'
import type { Gear } from './gear.ts'

/** An effect that is carried out on the models, a part at a time: anything may happen between two parts. */
export class Doing {
  readonly #gear: Gear
  readonly op: Op
  readonly #state: State
  #part = 0
  readonly #observations = new Map<string, Observation>()
  readonly #answers: Answer[] = []
  #order: readonly string[] | null = null
  readonly #awaited = new Set<number>()

  constructor(gear: Gear, op: Op, state: State) {
    this.#gear = gear
    this.op = op
    this.#state = state
  }

  /** @returns the result, null while there is none */
  advance(): Result | null {
    const effect = this.op
    const { op } = effect
    const { galera } = this.#gear.world
    switch (effect.do) {
      case 'look':
        return { in: 'looked', op, look: lookAt(this.#gear, effect.server) }
      case 'read':
        return { in: 'read', op, datadir: readDatadir(this.#gear) }
      case 'ask':
        return this.#ask(op, effect.reload)
      case 'prepare':
        return { in: 'prepared', op }
      case 'propose':
        return this.#propose(op, effect)
      case 'make-room':
        if (!this.#gear.world.faults.movesAsideLate && (effect.fork !== null || this.#gear.disk.partial)) empty(this.#gear.disk)
        return { in: 'room-made', op, madeEmpty: false }
      case 'launch':
        return this.#launch(op, effect)
      case 'repair':
        galera.repair(this.#gear.name, givenUp(this.#state))
        return { in: 'repaired', op }
      case 'end':
        return { in: 'ended', op, clean: this.#end(effect.kill, effect.server) }
      case 'read-clean-stop': {
        const { entry, clean } = this.#gear.disk
        return { in: 'clean-stop', op, position: entry === null || !clean ? null : { uuid: entry.history, seqno: entry.seqno } }
      }
      case 'announce':
        this.#gear.world.announce(effect.departure)
        return { in: 'announced', op }
      default:
        effect satisfies never
        return null
    }
  }

  #ask(op: number, reload: boolean): Result | null {
    const { others, world } = this.#gear
    this.#order ??= world.shuffled(others)
    const to = this.#order[this.#part++]
    if (to !== undefined) this.#observations.set(to, world.ask(this.#gear, to))
    if (this.#part < this.#order.length) return null
    const observations = others.flatMap((name) => this.#observations.get(name) ?? [])
    return { in: 'heard', op, observations, settings: reload ? this.#gear.settings : null }
  }

  #propose(op: number, { proposal, to }: Extract<Op, { do: 'propose' }>): Result | null {
    const { world } = this.#gear
    this.#order ??= world.shuffled(to)
    const next = this.#order[this.#part]
    if (next !== undefined) {
      const number = this.#part++
      this.#awaited.add(number)
      const sent = world.propose(this.#gear, next, proposal, (answer) => this.#hear(number, answer))
      if (sent === 'lost') this.#hear(number, { ack: false, reason: 'lost' })
      return null
    }
    // Time is up for who has not answered.
    if (this.#awaited.size > 0 && !world.chance(0.15)) return null
    for (const number of this.#awaited) this.#hear(number, { ack: false, reason: 'no answer' })
    return { in: 'answered', op, answers: this.#answers }
  }

  /** The first answer of each counts. */
  #hear(number: number, answer: Answer): void {
    if (this.#awaited.delete(number)) this.#answers.push(answer)
  }

  #launch(op: number, { decision }: Extract<Op, { do: 'launch' }>): Result | null {
    const { disk, name, weight, world } = this.#gear
    if (this.#part++ === 0) {
      if (world.faults.movesAsideLate && decision.do === 'join' && decision.aside !== null) empty(disk)
      if (decision.do !== 'reform') disk.gvwstate = null
      if (decision.do === 'bootstrap' && disk.entry !== null) disk.safeToBootstrap = true
      return null
    }
    const server = world.galera.start(name, disk, decision.do, weight, givenUp({ decision }))
    return { in: 'launched', op, server: handleOf(server) }
  }

  #end(kill: boolean, { pid }: Handle): boolean {
    const { name, world } = this.#gear
    if (world.galera.servers.get(name)?.pid !== pid) return false
    if (!kill) return world.galera.leave(name)
    world.galera.kill(name, 0)
    return false
  }
}

function empty(disk: Disk): void {
  Object.assign(disk, { entry: null, partial: false, safeToBootstrap: false, gvwstate: null, clean: false })
}

export const handleOf = ({ pid, mode }: Server): Handle => ({ pid, startTime: '', launch: mode })

function givenUp({ decision }: Pick<State, 'decision'>): readonly string[] {
  if (decision?.do !== 'bootstrap' && decision?.do !== 'repair') return []
  return decision.without.flatMap(({ names, why }) => (why === 'not-in-view' ? [] : names))
}

function readDatadir({ disk, ledger }: Gear): DatadirState {
  const { entry, partial, safeToBootstrap, gvwstate, clean } = disk
  const left = ledger.departure?.position
  const position = (): Data => ({ kind: 'position', uuid: entry?.history ?? '', seqno: entry?.seqno ?? -1n, source: left?.seqno === entry?.seqno ? 'clean-stop' : 'recovered', closed: clean, safeToBootstrap })
  const data: Data = partial ? { kind: 'partial' } : entry === null ? { kind: 'fresh' } : position()
  return { data, gvwstate, restorable: entry !== null, damaged: [] }
}

const NOTHING: Omit<Look, 'server' | 'sql' | 'gvwstate'> = { status: null, view: null, weight: null, transfer: false, work: '', errors: [], log: 'log/mariadbd.log in the gear', refusedBy: null }

function lookAt({ name, disk, world, starved }: Gear, known: Handle | null): Look {
  if (starved) return { ...NOTHING, server: world.faults.unknownIsDeath ? null : 'unknown', sql: 'busy', gvwstate: null }
  const server = world.galera.servers.get(name)
  if (server === undefined) return { ...NOTHING, server: null, sql: 'closed', gvwstate: disk.gvwstate }
  const handle = known?.pid === server.pid ? known : handleOf(server)
  const { group } = server
  if (group === null || (!isComplete(server) && !group.stateless)) return { ...NOTHING, server: handle, sql: 'closed', gvwstate: disk.gvwstate, transfer: server.donor !== null }
  const hidden = world.faults.missesLackOfState === true && group.stateless
  return { ...NOTHING, server: handle, sql: 'answers', status: statusOf(world.galera, server, group), view: viewOf(server, group), weight: server.weight, gvwstate: hidden ? null : disk.gvwstate }
}

const statuses = new WeakMap<Server, { readonly version: number; readonly status: NodeStatus }>()

function statusOf(galera: Galera, server: Server, group: Group): NodeStatus {
  const last = statuses.get(server)
  if (last?.version === galera.version) return last.status
  const primary = isPrimary(group)
  const status: NodeStatus = {
    stateUuid: group.head.history, lastCommitted: group.head.seqno, primary, ready: primary, connected: true, localState: isComplete(server) ? (primary ? 4 : 0) : server.donor === null ? 0 : 1, localStateComment: '',
    clusterSize: group.members.size, clusterWeight: group.view.weight, nodeUuid: server.nodeUuid, flowControlPaused: 0, receiveQueue: 0, providerVersion: '', takesWrites: primary, fullAt: null,
  }
  statuses.set(server, { version: galera.version, status })
  return status
}

const views = new WeakMap<object, Map<string, View>>()

function viewOf({ nodeUuid }: Server, group: Group): View | null {
  const { head, view } = group
  if (!isPrimary(group)) return null
  const made = views.get(view) ?? new Map<string, View>()
  views.set(view, made)
  const known = made.get(nodeUuid)
  if (known !== undefined) return known
  const members = [...view.members].map(([uuid, name]) => ({ uuid, name, address: null })).toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1))
  const own: View = { uuid: head.history, seqno: view.seqno, after: null, members, weight: view.weight, ownWeight: null, ownUuid: nodeUuid }
  made.set(nodeUuid, own)
  return own
}
