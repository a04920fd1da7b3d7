import { forcedBy } from '../../src/galera/force.ts'
import { report } from '../../src/galera/cycle/report.ts'
import { contains, FOREIGN } from './history.ts'
import type { Task } from '../../src/galera/cycle/state.ts'
import type { Gear } from './gear.ts'
import type { World } from './world.ts'

/** Where a crash tells most: something is begun, and not ended. */
const CRITICAL: ReadonlySet<Task['at']> = new Set(['fencing', 'making-room', 'launching', 'repairing', 'ending', 'recording-stop'])

/** `roll`, from 0.92 to 1, says what. */
export function befall(world: World, any: Gear, roll: number): void {
  const gear = roll < 0.964 ? worst(world, any) : any
  const lag = world.random.below(3)
  if (roll < 0.93) event(world, gear, 'mariadbd is killed', () => world.galera.kill(gear.name, lag))
  else if (roll < 0.943) event(world, gear, 'is killed', () => crash(world, gear, lag))
  else if (roll < 0.947) event(world, gear, 'agent is killed', () => gear.stopAgent(world.random.chance(0.5)))
  else if (roll < 0.95) event(world, gear, gear.hangs ? 'agent goes on' : 'agent hangs', () => (gear.hangs = !gear.hangs))
  else if (roll < 0.952) event(world, gear, gear.starved ? 'agent has file descriptors again' : 'agent has no file descriptors', () => (gear.starved = !gear.starved))
  else if (roll < 0.955) for (const one of world.random.shuffled(world.gears)) event(world, one, 'is killed with all', () => crash(world, one, world.random.below(3)))
  else if (roll < 0.962) event(world, gear, 'is told to stop', () => gear.take({ in: 'stop', timeout: 1_000, quit: false }))
  else if (roll < 0.964) for (const one of world.random.shuffled(world.gears)) event(world, one, 'is told to stop with all', () => one.take({ in: 'stop', timeout: 1_000, quit: false }))
  else if (roll < 0.967) cut(world)
  else if (roll < 0.971) event(world, gear, 'sees the network whole again', () => heal(world))
  else if (roll < 0.973) loseData(world, gear)
  else if (roll < 0.978) giveUp(world, gear)
  else if (roll < 0.98) world.network.lossy = !world.network.lossy
  else if (roll < 0.983) list(world, gear)
  else if (roll < 0.985) event(world, gear, 'has its clock set', () => world.hours.set(gear.name, world.random.below(49) - 24))
  else if (isGivenUp(world, gear)) return
  else if (gear.state === null) event(world, gear, 'agent starts', () => gear.startAgent())
  else if (gear.state.intent === 'stay') event(world, gear, 'is told to start', () => gear.take({ in: 'start', restored: false, id: 0 }))
}

/** Half of the time one that is at a critical moment, or that sends its state to another, if there is any. */
function worst(world: World, gear: Gear): Gear {
  if (world.random.chance(0.5)) return gear
  const donors = new Set([...world.galera.servers.values()].map(({ donor }) => donor?.name))
  return world.random.pick(world.gears.filter((one) => donors.has(one.name) || (one.state !== null && CRITICAL.has(one.state.task.at)))) ?? gear
}

function crash(world: World, gear: Gear, lag: number): void {
  gear.stopAgent(world.random.chance(0.5))
  if (world.variant.forgetsPromises) gear.ledger = { ...gear.ledger, promise: null }
  world.galera.kill(gear.name, lag)
}

function cut(world: World): void {
  const sides = world.network.cut(world.gears.map(({ name }) => name))
  world.note(`the network is cut: ${[...sides].map(([name, side]) => `${name} ${side}`).join(', ')}`)
  world.galera.reconnect()
}

function heal(world: World): void {
  world.network.heal()
  world.galera.reconnect()
}

/** A datadir is lost, or replaced by one of another cluster, with or without its ledger. */
function loseData(world: World, gear: Gear): void {
  if (!isSpare(world, gear)) return
  const foreign = world.setting.strangers && !world.gears.some(({ disk }) => disk.entry === FOREIGN) && world.random.chance(0.5)
  const forgets = foreign && world.random.chance(0.5)
  event(world, gear, foreign ? 'gets the data of another cluster' : 'is wiped', () => {
    gear.stopAgent(true)
    if (forgets) gear.forget()
    // With flag 1 and no memory it is that cluster's last member, for all that anybody can tell.
    Object.assign(gear.disk, { entry: foreign ? FOREIGN : null, partial: false, clean: false, safeToBootstrap: foreign && !forgets && gear.ledger.history !== null, gvwstate: null })
  })
}

/** Its data is never the only one with the newest view or write. */
function isSpare(world: World, gear: Gear): boolean {
  const { newest, servers } = world.galera
  if (servers.has(gear.name) || gear.disk.entry === null) return false
  const held = (one: Gear) => {
    const server = servers.get(one.name)
    return server?.group && server.transfer === 0 ? server.group.head : one.disk.entry
  }
  return world.gears.some((one) => {
    const entry = held(one)
    return one !== gear && world.galera.counts(one.name) && entry !== null && (newest === null || contains(entry, newest))
  })
}

/** What an operator gives up is off, and stays so as long as the override waits. */
const isGivenUp = (world: World, gear: Gear): boolean => world.gears.some(({ state }) => state?.override?.gone.includes(gear.name))

/** An operator switches the nodes off that this one misses, and gives them up; one at a time, and never beside another server that runs. */
function giveUp(world: World, gear: Gear): void {
  const { state } = gear
  const others = world.gears.filter((one) => one !== gear)
  if (state === null || gear.hangs || gear.disk.entry === FOREIGN || world.setting.policy === 'majority' || others.some((one) => one.state?.override)) return
  const self = report(state, gear)
  // Who forces a node that was not there at last makes a fork that nobody can see.
  if (self.kind === 'primary' || !world.galera.newestMembers.includes(gear.name)) return
  const { lose, gone, decision } = forcedBy({ self, peers: state.observations }, 'gone')
  const off = new Set([...lose, ...gone])
  if (lose.length === 0 || (decision.do !== 'bootstrap' && decision.do !== 'repair')) return
  for (const one of others) {
    // Who is known to nobody but by a node UUID may be any of the silent.
    if (off.has(one.name) || (one.report === null && lose.some((name) => name.startsWith('node ')))) event(world, one, 'is switched off', () => crash(world, one, 0))
  }
  if (others.some((one) => world.galera.servers.has(one.name))) return
  event(world, gear, `is told to go on without ${lose.join('+')}`, () => gear.take({ in: 'override', override: { lose, gone, reason: 'gone' }, id: 0 }))
}

/** The platform tells a gear of the others: all at once, or those that were made until now. */
function list(world: World, gear: Gear): void {
  const names = world.gears.map(({ name }) => name)
  const least = Math.max(gear.peers?.length ?? 0, world.made.indexOf(gear.name) + 1)
  const known = world.setting.lists === 'growing' ? world.made.slice(0, least + world.random.below(names.length - least + 1)) : names
  event(world, gear, `is told of ${known.join('+')}`, () => (gear.peers = known))
}

function event(world: World, gear: Gear, what: string, happen: () => void): void {
  if (world.trace !== null) world.note(`${gear.name} ${what}`)
  happen()
}
