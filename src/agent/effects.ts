import { FaultsError } from '../errors.ts'
import type { Op, Saying } from '../galera/cycle/effect.ts'
import type { Result } from '../galera/cycle/input.ts'
import { unbornHistory } from '../galera/restored.ts'
import { scriptFault } from '../mariadb/basedir.ts'
import { examineOptions, OptionsError } from '../mariadb/effective-options.ts'
import { type DatadirState, readDatadir } from '../mariadb/position.ts'
import { clearDeadServer, killServer, settleLaunch, stopJoiner, stopServer } from '../mariadb/server.ts'
import { ensureCertificate } from '../tls/files.ts'
import { announceDeparture, readCleanStop } from './departure.ts'
import { sendProposal } from './fence-exchange.ts'
import { launch } from './launch.ts'
import { lookAtServer } from './look.ts'
import type { Surroundings } from './loop.ts'
import { nudgePeers } from './look-now.ts'
import type { Node } from './node.ts'
import { makeRoom } from './rescue.ts'
import { requireSpace } from './space.ts'

type Doing<Kind extends Op['do']> = Extract<Op, { do: Kind }>

/** What the steps of the cycle have to do in the world. */
export const surroundingsOf = (node: Node): Surroundings => ({
  record: (ledger) => node.ledger.update(() => ledger),
  op: (effect) => op(node, effect),
  say: (effect) => say(node, effect),
  countCrash: () => node.counts.crashes++,
  log: node.log,
})

async function op(node: Node, effect: Op): Promise<Result> {
  const { op } = effect
  switch (effect.do) {
    case 'look':
      return { in: 'looked', op, look: await lookAtServer(node, effect) }
    case 'read':
      return { in: 'read', op, datadir: await readPosition(node) }
    case 'ask': {
      const settings = effect.reload ? await node.settings.reload() : null
      return { in: 'heard', op, observations: await node.ask(), settings }
    }
    case 'prepare':
      await prepare(node)
      return { in: 'prepared', op }
    case 'propose':
      return { in: 'answered', op, answers: await sendProposal(node, effect.proposal, effect.to) }
    case 'make-room':
      return { in: 'room-made', op, madeEmpty: await makeRoom(node, effect) }
    case 'launch':
      return { in: 'launched', op, server: await launch(node, effect) }
    case 'repair':
      await node.session.query("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
      return { in: 'repaired', op }
    case 'end':
      return { in: 'ended', op, clean: await end(node, effect) }
    case 'read-clean-stop':
      return { in: 'clean-stop', op, position: await readCleanStop(node) }
    case 'announce':
      await announceDeparture(node, effect.departure)
      return { in: 'announced', op }
    default:
      effect satisfies never
      throw new Error('unknown effect')
  }
}

async function say(node: Node, effect: Saying): Promise<void> {
  if (effect.do === 'nudge') await nudgePeers(node, effect.names)
  else await settleLaunch(node.files, effect.server)
}

/** @throws FaultsError where a start would fail on options, scripts or certificates; OutsideError `disk-full` */
async function prepare(node: Node): Promise<void> {
  await requireSoundOptions(node)
  await requireSpace(node)
  const unknown = await scriptFault(node.config, node.mariadb)
  if (unknown !== null) throw new FaultsError('state transfer', [unknown])
  const renewed = await ensureCertificate(node.config, node.paths.tls, new Date())
  if (renewed !== null) node.log.info(`a new certificate was made: ${renewed}`)
}

/** What mysql.plugin knows comes with a whole state, but by SQL only after the start. */
async function requireSoundOptions({ paths, config, mariadb, state }: Node): Promise<void> {
  const joins = state.task.at === 'preparing' && state.task.decision.do === 'join'
  const arrives = joins && config.sstMethod !== 'mysqldump' && state.datadir?.data.kind !== 'position'
  const { faults } = await examineOptions({ mariadbd: mariadb.mariadbd, series: mariadb.series, config: paths.config, datadir: paths.data, arrives })
  if (faults.length > 0) throw new OptionsError(faults)
}

/** What it leaves running and in run/ is cleared: nobody may look after this gear next. */
async function end(node: Node, effect: Doing<'end'>): Promise<boolean> {
  const clean = await endServer(node, effect)
  await clearDeadServer(node.files)
  return clean
}

async function endServer({ files, loop: { signal } }: Node, { server, kill, patience, joining }: Doing<'end'>): Promise<boolean> {
  if (joining && !kill) return stopJoiner(server, files, patience, signal)
  if (!kill) return stopServer(server, patience, signal)
  await killServer(server)
  return false
}

const underWay = new WeakMap<Node, Promise<DatadirState>>()

/** How far the stopped node's data goes. What a dead server left is cleared first. Who asks meanwhile gets the same: two mariadbd on one datadir refuse each other. */
export function readPosition(node: Node): Promise<DatadirState> {
  const known = underWay.get(node)
  if (known !== undefined) return known
  const reading = readAnew(node).finally(() => underWay.delete(node))
  underWay.set(node, reading)
  return reading
}

async function readAnew(node: Node): Promise<DatadirState> {
  await node.session[Symbol.asyncDispose]()
  await clearDeadServer(node.files)
  const { ledger } = node.ledger
  const { departure, joining, history } = ledger
  const query = { datadir: node.paths.data, mariadbd: node.mariadb.mariadbd, series: node.mariadb.series, config: node.paths.config, departure: departure?.position ?? null, joining, member: history !== null, restored: unbornHistory(ledger) }
  return readDatadir({ ...query, signal: node.loop.signal })
}
