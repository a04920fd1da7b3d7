import * as fc from 'fast-check'
import type { Data, Down, Facts, Live, Observation, Silent } from '../../../src/galera/observation.ts'
import type { Fork } from '../../../src/galera/fork.ts'
import type { Endpoint } from '../../../src/galera/endpoint.ts'
import type { View } from '../../../src/galera/view.ts'

/** Values for tests: what a node may say. */

export const uuid = (number: number): string => `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`
export const HISTORY = uuid(1)
export const OTHER_HISTORY = uuid(2)
/** The node UUID of n1, n2, … */
export const nodeUuid = (name: string): string => uuid(100 + Number(name.replace(/\D/g, '')))

export const position = (seqno: number | bigint, more: Partial<Extract<Data, { kind: 'position' }>> = {}): Data => ({ kind: 'position', uuid: HISTORY, seqno: BigInt(seqno), source: 'clean-stop', safeToBootstrap: false, ...more })
export const fresh: Data = { kind: 'fresh' }
export const unknown: Data = { kind: 'unknown', reason: 'InnoDB is damaged' }

export const view = (seqno: number | null, names: readonly string[], own = names[0] ?? 'n1', history = HISTORY): View => ({
  uuid: history,
  seqno: seqno === null ? null : BigInt(seqno),
  after: null,
  members: names.map((name) => ({ uuid: nodeUuid(name), name, address: null })),
  weight: names.length,
  ownWeight: 1,
  ownUuid: nodeUuid(own),
})

export const gvwstate = (name: string, names: readonly string[], viewId = 'view/1') => ({ myUuid: nodeUuid(name), viewId, members: names.map(nodeUuid).toSorted() })

export const down = (name: string, data: Data, more: Partial<Down> = {}): Down => ({ kind: 'down', name, intent: 'start', launched: null, data, history: data.kind === 'position' ? data.uuid : null, view: null, nodeUuids: [], gvwstate: null, listed: true, weight: 1, forks: [], departures: [], promise: null, ...more })
export const live = (name: string, kind: Live['kind'], more: Partial<Live> = {}): Live => ({ kind, name, uuid: HISTORY, seqno: 9n, synced: true, joining: false, nodeUuid: nodeUuid(name), nodeUuids: [], receiveQueue: 0, repairing: false, view: null, weight: 1, forks: [], departures: [], promise: null, ...more })
export const fork = (seqno: number, without: readonly string[], why: Fork['why'] = 'forced'): Fork => ({ at: `2026-01-0${seqno}`, epoch: 1, uuid: HISTORY, seqno: BigInt(seqno), view: 0n, without, why, reason: 'burnt', into: null })
/** A snapshot was restored in place of HISTORY: a new one, OTHER_HISTORY, began. */
export const replaced: Fork = { at: '2026-01-09', epoch: 1, uuid: HISTORY, seqno: -1n, view: null, without: [], why: 'restored', reason: 'snapshot s1', into: OTHER_HISTORY }
export const silent = (name: string, more: Partial<Silent> = {}): Silent => ({ kind: 'silent', name, reason: 'refused', serving: false, ...more })
export const facts = (self: Down, ...peers: readonly Observation[]): Facts => ({ self, peers })

const NAMES = ['n1', 'n2', 'n3', 'n4', 'n5'] as const
const seqnos = fc.bigInt({ min: 0n, max: 4n })
const histories = fc.constantFrom(HISTORY, HISTORY, HISTORY, OTHER_HISTORY)
const someNames = fc.subarray([...NAMES], { minLength: 1 })

const datas: fc.Arbitrary<Data> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(fresh) },
  { weight: 1, arbitrary: fc.constantFrom(unknown, { kind: 'partial' as const }, { kind: 'nil' as const }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('position' as const), uuid: histories, seqno: seqnos, source: fc.constantFrom('clean-stop' as const, 'recovered' as const), safeToBootstrap: fc.boolean() }) },
)
const views = (name: string): fc.Arbitrary<View | null> =>
  fc.option(fc.tuple(fc.option(fc.integer({ min: 0, max: 4 })), someNames, histories).map(([seqno, names, history]) => view(seqno, names, name, history)))
const promises = fc.option(fc.record({ epoch: fc.integer({ min: 1, max: 4 }), kind: fc.constantFrom('bootstrap' as const, 'reform' as const), chosen: fc.constantFrom('n1', 'n2', 'view/1'), others: fc.subarray(['n1', 'n2', 'n3']), settled: fc.boolean() }))
const departures = fc.array(fc.tuple(fc.constantFrom('n2', 'n3'), histories, seqnos).map(([name, history, seqno]) => ({ name, nodeUuid: nodeUuid(name), uuid: history, seqno })), { maxLength: 1 })
const forks: fc.Arbitrary<Fork[]> = fc.array(fc.record({ at: fc.constantFrom('1', '2'), epoch: fc.constantFrom(1, 2), uuid: histories, seqno: seqnos, view: fc.option(seqnos), without: fc.subarray([...NAMES], { minLength: 1, maxLength: 2 }), why: fc.constantFrom('not-in-view' as const, 'majority' as const, 'forced' as const, 'restored' as const), reason: fc.constant(''), into: fc.constant(null) }).map((one): Fork => (one.why === 'restored' ? { ...one, uuid: HISTORY, into: OTHER_HISTORY } : one)), { maxLength: 1 })

export const downs = (name: string): fc.Arbitrary<Down> =>
  fc.record({
    kind: fc.constant('down' as const),
    name: fc.constant(name),
    intent: fc.constantFrom('start' as const, 'stay' as const),
    launched: fc.option(fc.constantFrom('join' as const, 'reform' as const, 'bootstrap' as const), { freq: 1 }),
    data: datas,
    history: fc.option(histories),
    view: views(name),
    nodeUuids: fc.constantFrom([], [nodeUuid(name)]),
    gvwstate: fc.option(fc.tuple(someNames, fc.constantFrom('view/1', 'view/2')).map(([names, viewId]) => gvwstate(name, [...new Set([name, ...names])], viewId))),
    listed: fc.boolean(),
    weight: fc.constantFrom(1, 1, 2),
    forks: forks,
    departures: departures,
    promise: promises,
  })
const lives = (name: string): fc.Arbitrary<Live> =>
  fc.record({ kind: fc.constantFrom('primary' as const, 'non-primary' as const), name: fc.constant(name), uuid: histories, seqno: seqnos, synced: fc.boolean(), joining: fc.boolean(), nodeUuid: fc.constant(nodeUuid(name)), nodeUuids: fc.constantFrom([], [nodeUuid(name)]), receiveQueue: fc.constantFrom(0, 0, 3), repairing: fc.boolean(), view: views(name), weight: fc.constantFrom(1, 1, 2), forks: forks, departures: departures, promise: promises })
const silents = (name: string): fc.Arbitrary<Silent> => fc.record({ kind: fc.constant('silent' as const), name: fc.constant(name), reason: fc.constantFrom('refused' as const, 'timeout' as const), serving: fc.boolean() })

export const observations = (name: string): fc.Arbitrary<Observation> => fc.oneof({ weight: 4, arbitrary: downs(name) }, { weight: 1, arbitrary: lives(name) }, { weight: 1, arbitrary: silents(name) })

/** Random facts as n1 knows them. */
export const anyFacts: fc.Arbitrary<Facts> = fc
  .subarray(NAMES.slice(1))
  .chain((names) => fc.tuple(downs('n1'), fc.tuple(...names.map(observations))))
  .map(([self, peers]) => ({ self, peers }))

/** Stopped nodes, some with data: everybody knows everything of everybody. */
export const stoppedNodes: fc.Arbitrary<readonly Down[]> = fc.subarray([...NAMES], { minLength: 2 }).chain((names) => fc.tuple(...names.map(downs)))

const port = fc.integer({ min: 1, max: 65_535 })
const hosts = fc.oneof(fc.ipV4(), fc.ipV6().filter((host) => !host.includes('.')), fc.domain())
export const endpoints: fc.Arbitrary<Endpoint> = fc.record({ name: fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/), host: hosts, sqlPort: port, groupPort: port, istPort: port, sstPort: port, agentPort: port })
