import { lastViewOf, report, reportDown } from '../../src/agent/report.ts'
import type { Config } from '../../src/config/resolve.ts'
import { Node } from '../../src/agent/node.ts'
import type { LedgerStore } from '../../src/agent/ledger-store.ts'
import type { Decision, RunningDecision } from '../../src/galera/decision.ts'
import type { Departure } from '../../src/galera/departure.ts'
import { parseEndpoint } from '../../src/galera/endpoint.ts'
import { acknowledged, type Answer, type answerProposal, isForced, hasAcknowledgedAnother, type Proposal, proposalFor } from '../../src/galera/fence.ts'
import { type Ledger, recordDecision, recordDeparture, recordFormerView, recordForks, recordLaunch, recordPromise, recordView, recordViewId } from '../../src/galera/ledger.ts'
import type { goAlong, Launchable } from '../../src/galera/go-along.ts'
import { leftBehindAt } from '../../src/galera/left-behind.ts'
import type { Data, Down, Facts, Live, Observation } from '../../src/galera/observation.ts'
import type { Disk, Galera } from './galera-model.ts'
import { SimLedger } from './sim-ledger.ts'

/** What the agents of a simulation share. */
export interface Surroundings {
  readonly galera: Galera
  readonly decide: (facts: Facts) => Decision
  readonly decideNonPrimary: (facts: Facts<Live>) => RunningDecision
  readonly answerProposal: typeof answerProposal
  readonly ask: (from: string, to: string) => Observation
  /** null: the request or its answer was lost. */
  readonly propose: (to: string, proposal: Proposal) => Answer | null
  readonly shuffled: <Item>(items: readonly Item[]) => Item[]
  /** Tells whoever can be reached. */
  readonly tellDeparture: (departure: Departure) => void
  /** absent-members=majority. */
  readonly majority: boolean
  readonly goAlong: typeof goAlong
  /** What a gear's clock shows, ISO 8601. */
  readonly clock: (name: string) => string
}

/** One gear: what survives a crash, and the agent (the shipped Node) while it runs. Each `yield` is a point where anything may happen. */
export class Gear {
  readonly disk: Disk = { entry: null, safeToBootstrap: false, gvwstate: null }
  readonly name: string
  peers: readonly string[] | null = null
  node: Node | null = null
  work: Generator<void, void> | null = null
  readonly #world: Surroundings
  #ledger: SimLedger

  constructor(name: string, world: Surroundings) {
    this.name = name
    this.#ledger = new SimLedger(name)
    this.#world = world
  }

  /** The ledger is lost too. */
  forget(): void {
    this.#ledger = new SimLedger(this.name)
  }

  get ledger(): Ledger {
    return this.#ledger.ledger
  }

  /** What another process on this gear's host writes, such as a message that came in; whole before anything else happens. */
  note(change: (ledger: Ledger) => Ledger): void {
    this.#ledger.write(change)
  }

  startAgent(): void {
    const ledger = Object.defineProperty({}, 'ledger', { get: () => this.ledger }) as LedgerStore
    this.node = new Node({} as never, this.#config(), {} as never, ledger, {} as never, { warn: () => undefined } as never)
    if (this.#server !== undefined) this.#poll(this.node)
    else this.node.datadir = this.#readDatadir()
  }

  /** `written`: whether a write of the ledger that was under way reached the disk. */
  stopAgent(written = true): void {
    this.#ledger.crash(written)
    this.node = null
    this.work = null
  }

  start(): void {
    if (this.node === null || this.node.intent === 'start') return
    this.node.intent = 'start'
    this.work = this.#keepUp(this.node)
  }

  /** galeractl stop: the ledger learns the newest view, then mariadbd leaves, then the departure is recorded. */
  stop(): void {
    if (this.node === null) return
    this.node.intent = 'stay'
    this.work = null
    const nodeUuid = this.#server?.nodeUuid
    if (nodeUuid !== undefined) {
      this.#poll(this.node)
      this.#rememberView(this.node)
      this.#world.galera.leave(this.name)
      const { entry } = this.disk
      if (entry !== null) {
        this.note((ledger) => recordDeparture(ledger, { at: this.#now(), position: { uuid: entry.history, seqno: entry.seqno } }))
        this.#world.tellDeparture({ name: this.name, nodeUuid, uuid: entry.history, seqno: entry.seqno })
      }
    }
    this.#ended(this.node)
    this.node.datadir = this.#readDatadir()
  }

  acknowledge(proposal: Proposal): Answer {
    if (this.node === null) return { ack: false, reason: 'silent' }
    this.node.hearFrom(proposal.from)
    const own = report(this.node)
    const answer = this.#world.answerProposal(own, this.ledger.promise, proposal)
    if (answer.ack) this.note((ledger) => recordPromise(ledger, acknowledged(own, proposal)))
    return answer
  }

  get #server() {
    return this.#world.galera.servers.get(this.name)
  }

  *#keepUp(node: Node): Generator<void, void> {
    while (node.intent === 'start') {
      if (this.#server === undefined) {
        this.#ended(node)
        yield* this.#bringUp(node)
      }
      while (this.#server !== undefined) {
        yield
        this.#poll(node)
        if (node.status !== null && !node.status.primary) yield* this.#tendNonPrimary(node)
        else if (node.status !== null) yield* this.#watchPeers(node)
      }
    }
  }

  *#bringUp(node: Node): Generator<void, void> {
    node.datadir = this.#readDatadir()
    for (let refusals = 0; ; ) {
      yield
      yield* this.#askPeers(node)
      const facts = this.#facts(node, reportDown(node))
      const decision = this.#world.decide(facts)
      yield* this.#ledger.update((ledger) => recordDecision(ledger, decision, this.#now()))
      refusals = decision.do === 'refuse' ? refusals + 1 : 0
      if (refusals >= 4) node.intent = 'stay'
      if (refusals >= 4) return
      if (decision.do === 'wait' || decision.do === 'refuse') continue
      if (decision.do !== 'join' && !(yield* this.#raiseFence(node, decision, facts.self))) continue
      // No point of interleaving here: the recheck of the promise and `launched` must be one step.
      node.launched = decision.do
      const { view } = reportDown(node)
      yield* this.#goAlong(node, decision, (ledger) => recordLaunch(ledger, view))
      yield
      this.#world.galera.start(this.name, this.disk, decision.do, givenUp(decision))
      while (this.#server !== undefined && node.launched !== null) {
        yield
        this.#poll(node)
        if (node.status?.primary) node.launched = null
        else if (node.status !== null) yield* this.#tendNonPrimary(node)
      }
      return
    }
  }

  *#tendNonPrimary(node: Node): Generator<void, void> {
    yield* this.#askPeers(node)
    this.#poll(node)
    const self = report(node)
    if (self.kind !== 'non-primary') return
    const decision = this.#world.decideNonPrimary(this.#facts(node, self))
    yield* this.#ledger.update((ledger) => recordDecision(ledger, decision, this.#now()))
    if (decision.do === 'leave') this.#world.galera.leave(this.name)
    if (decision.do !== 'repair' || !(yield* this.#raiseFence(node, decision, self))) return
    node.repairing = true
    yield
    yield* this.#goAlong(node, decision)
    this.#world.galera.repair(this.name, givenUp(decision))
    yield
    node.repairing = false
  }

  /** As launch and repair do: who is left behind is recorded, old data is moved aside. */
  *#goAlong(node: Node, decision: Launchable | Extract<RunningDecision, { do: 'repair' }>, first = (ledger: Ledger) => ledger): Generator<void, void> {
    const { disk } = this
    const { data } = reportDown(node)
    const seqno = node.status?.lastCommitted ?? (data.kind === 'position' ? data.seqno : null)
    if (decision.do === 'join' && decision.aside !== null) Object.assign(disk, { entry: null, safeToBootstrap: false, gvwstate: null })
    yield* this.#ledger.update((ledger) => this.#world.goAlong(first(ledger), node.observations, decision, seqno, ledger.promise?.epoch ?? 0, this.#now()))
    node.word = null
  }

  /** As the shipped watch of a running node: one that was left behind and was merged by Galera stops. */
  *#watchPeers(node: Node): Generator<void, void> {
    yield* this.#askPeers(node)
    this.#poll(node)
    if (!node.status?.primary) return
    if (leftBehindAt(report(node), node.observations) !== null) this.#world.galera.leave(this.name)
    else yield* this.#ledger.update((ledger) => recordForks(ledger, node.observations.flatMap((peer) => (peer.kind === 'primary' ? peer.forks : []))))
  }

  *#askPeers(node: Node): Generator<void, void> {
    node.config = this.#config()
    const observations: Observation[] = []
    for (const peer of this.#world.shuffled(node.others)) {
      yield
      observations.push(this.#world.ask(this.name, peer.name ?? ''))
    }
    node.hear(observations)
    yield
  }

  *#raiseFence(node: Node, decision: Decision | RunningDecision, self: Down | Live): Generator<void, boolean> {
    yield
    if (hasAcknowledgedAnother(decision, self.promise, this.ledger.promise)) return false
    const proposal = proposalFor(decision, this.name, this.ledger.promise, node.observations)
    if (proposal === null) return true
    if (!this.acknowledge(proposal).ack) return false
    const answers: (Answer | null)[] = []
    for (const { name } of this.#world.shuffled(node.observations.filter((one) => one.kind !== 'silent'))) {
      yield
      answers.push(this.#world.propose(name, proposal))
    }
    yield
    const promise = this.ledger.promise
    return answers.every((answer) => answer?.ack === true) && promise?.epoch === proposal.epoch && promise.chosen === proposal.chosen && (node.word !== null || !isForced(decision))
  }

  #facts<Self extends Down | Live>(node: Node, self: Self): Facts<Self> {
    return { self, peers: node.observations, orders: node.orders }
  }

  #poll(node: Node): void {
    const server = this.#server
    const group = server?.group ?? null
    node.server = server === undefined ? null : ({} as never)
    node.status = null
    if (server === undefined || group === null) return
    const { primary, head, view } = group
    node.status = { stateUuid: head.history, lastCommitted: head.seqno, primary, ready: primary, connected: true, localState: 4, localStateComment: '', clusterSize: group.members.size, clusterWeight: group.members.size, nodeUuid: server.nodeUuid, flowControlPaused: 0, receiveQueue: 0, providerVersion: '', takesWrites: true }
    if (!primary) return this.#rememberView(node)
    const members = [...view.members].map(([uuid, name]) => ({ uuid, name, address: null }))
    this.note((ledger) => recordView(recordViewId(ledger, view.id), { uuid: head.history, seqno: view.seqno, after: null, members, weight: view.members.size, ownWeight: 1, ownUuid: server.nodeUuid }))
  }

  /** As rememberView: gvwstate.dat, which a graceful stop removes, may know a view that no agent has seen. */
  #rememberView(node: Node): void {
    const view = lastViewOf(node, this.disk.gvwstate)
    if (view !== null) this.note((ledger) => recordFormerView(ledger, view))
  }

  #now(): string {
    return this.#world.clock(this.name)
  }

  #ended(node: Node): void {
    node.server = null
    node.status = null
    node.launched = null
    node.repairing = false
    node.datadir = null
  }

  #readDatadir() {
    const { entry, safeToBootstrap, gvwstate } = this.disk
    const left = this.ledger.departure?.position
    const data: Data = entry === null ? { kind: 'fresh' } : { kind: 'position', uuid: entry.history, seqno: entry.seqno, source: left?.seqno === entry.seqno ? 'clean-stop' : 'recovered', safeToBootstrap }
    return { data, gvwstate, restorable: true, damaged: [] }
  }

  #config(): Config {
    const peers = this.peers?.map((name) => parseEndpoint(`${name}/${name}.test`)) ?? null
    return { name: this.name, peers, weight: 1, absentMembers: this.#world.majority ? 'majority' : 'wait', absentWait: 0, own: parseEndpoint(`${this.name}/${this.name}.test`) } as Config
  }
}

function givenUp(decision: Decision | RunningDecision): readonly string[] {
  if (decision.do !== 'bootstrap' && decision.do !== 'repair') return []
  return decision.without.flatMap(({ names, why }) => (why === 'not-in-view' ? [] : names))
}
