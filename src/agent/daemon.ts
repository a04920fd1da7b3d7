import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import { peerLabel } from '../galera/endpoint.ts'
import { initialState } from '../galera/cycle/state.ts'
import { fullName } from '../galera/member-name.ts'
import { othersOf } from '../galera/peer-list.ts'
import { configOf, type Gear } from '../gear/gear.ts'
import { lockGear } from '../gear/gear-lock.ts'
import { refuseWhileSwapping } from '../gear/unfinished-restore.ts'
import { readOptions, serverGroups } from '../mariadb/option-files.ts'
import { ownNotifyCommand } from '../mariadb/owned-options.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { Session } from '../mariadb/session.ts'
import { agentPassword } from '../mariadb/users.ts'
import { hostNames } from '../peers/host-names.ts'
import { BoundedLog } from '../system/bounded-log.ts'
import type { Logger } from '../system/log.ts'
import { archiveBinlogs } from './archiver.ts'
import { watchArrivedEvents } from './arrived-events.ts'
import { controlApi } from './control-api.ts'
import { endLeftLease } from './desync-lease.ts'
import { surroundingsOf } from './effects.ts'
import { EventCommands } from './event-commands.ts'
import { EventLog } from './event-log.ts'
import { EventStream } from './event-stream.ts'
import { healthApi } from './health-api.ts'
import { relayIst } from './ist-relay.ts'
import { LedgerStore } from './ledger-store.ts'
import { closeServer, LAST_ANSWERS, listenOpenly } from './listen.ts'
import { Loop } from './loop.ts'
import { Node } from './node.ts'
import { peerApi } from './peer-api.ts'
import { RunFiles } from './run-files.ts'
import { SettingsStore } from './settings-store.ts'
import { SpoolReader } from './spool-reader.ts'
import { watchUntold } from './untold-views.ts'

export interface Agent {
  readonly node: Node
  /** Resolves when the agent was told to quit. */
  readonly quit: Promise<void>
  readonly close: () => Promise<void>
}

/** Opens everything that is known of a node, without watching or answering anything. */
export async function openNode(gear: Gear, log: Logger, mode: 'own' | 'look' = 'look'): Promise<Node> {
  const config = configOf(gear)
  log.level = process.env['GALERACTL_LOG_LEVEL'] ?? config.logLevel
  const { store, damaged } = await LedgerStore.open(gear.paths.ledger, config.name, mode, othersOf(config.peers ?? [], config.own).map(peerLabel))
  if (damaged !== null) log.error({ ledger: damaged }, `the ledger is damaged${mode === 'own' ? ' and was set aside: what it had acknowledged is forgotten, so a peer that does not answer counts as let go first' : ''}`)
  const settings = new SettingsStore(gear.paths, config, log)
  const loop = new Loop(initialState(settings.settings, store.ledger))
  return new Node(gear.paths, settings, await findMariadb(config.mariadbBin), store, new Session(gear.paths.socket, agentPassword(config)), log, loop)
}

/**
 * Starts the agent: takes the gear's lock, adopts a running mariadbd, answers peers, health checks
 * and this host's galeractl.
 * @throws RefusedError `locked`; OutsideError `agent-port`
 */
export async function startAgent(gear: Gear, log: Logger): Promise<Agent> {
  await using opened = new AsyncDisposableStack()
  opened.use(await lockGear(gear.paths, 'an agent'))
  await refuseWhileSwapping(gear.paths)
  await writeFile(gear.paths.agentPid, `${process.pid}\n`, { mode: 0o640 })
  opened.defer(() => rm(gear.paths.agentPid, { force: true }))
  const node = opened.adopt(await openNode(gear, log, 'own'), (one) => one.session[Symbol.asyncDispose]())
  opened.defer(async () => {
    await Promise.race([node.leases.current?.end(), delay(LAST_ANSWERS)])
    await node.loop[Symbol.asyncDispose]()
    const { server } = node.state
    if (server !== null) log.info({ pid: server.pid }, 'the agent ends, mariadbd goes on')
  })
  // A node without events is better than none.
  const events = await takeEvents(node).catch((error) => log.error({ err: error }, 'events can not be logged; they wait in the notify spool for the next agent'))
  if (events !== undefined) opened.use(events)
  const { promise: quit, resolve: tellQuit } = Promise.withResolvers<void>()
  await node.serverLog.begin()
  await node.loop.begin(surroundingsOf(node))
  void endLeftLease(node).catch((error) => node.log.error({ err: error }, 'whether the node was left desynced can not be read'))
  opened.use(archiveBinlogs(node))
  opened.use(watchArrivedEvents(node))
  opened.use(await relayIst(node))
  opened.adopt(await listenOpenly(openApi(node), { host: node.config.bindAddress, port: node.config.listen.agent }, (address) => isListed(node, address)), closeServer)
  opened.use(await RunFiles.open(node, controlApi(node, tellQuit)))
  const all = opened.move()
  return { node, quit, close: () => all.disposeAsync() }
}

function openApi(node: Node): Hono {
  const strangers = new BoundedLog(node.log)
  const open = new Hono().route('/', healthApi(node)).route('/', peerApi(node, strangers))
  open.onError((error, context) => {
    strangers.say('error', `${context.req.path} failed`, { err: error })
    return context.text('failed\n', 500)
  })
  return open
}

/** A peer whose address in the list is another than the one it comes from is a stranger until its message was read. */
const isListed = (node: Node, address: string): boolean => node.others.some(({ host }) => host === address || hostNames.known(host).includes(address))

/** Read again for each event: mariadbd uses the options it was started with, the agent those in the files now. */
async function notifyCommandOf({ paths, mariadb }: Node): Promise<string | null> {
  const command = ownNotifyCommand(await readOptions(paths.config, serverGroups(mariadb.series)), paths.config)?.command ?? ''
  return command === '' ? null : command
}

/** With an event the server is looked at at once; what it means is asked of the server. */
async function takeEvents(node: Node): Promise<AsyncDisposable> {
  const { paths, counts, log } = node
  await using opened = new AsyncDisposableStack()
  const events = await EventLog.open(paths.events)
  counts.toldView = () => events.view
  const commands = opened.use(new EventCommands({ folder: paths.notifyFolder, gear: paths.dir, owner: process.getuid?.() ?? 0, timeout: () => node.config.notifyTimeout, notifyCommand: () => notifyCommandOf(node), notifyFolder: paths.data }, counts, log))
  const nameOf = (told: string) => fullName(told, [node.config.name, ...node.others.map(peerLabel)]) ?? told
  const stream = new EventStream(events, counts, log, (event) => commands.add(event), nameOf)
  counts.note = (text, time) => stream.addVote(text, time)
  opened.use(new SpoolReader(paths.spool, stream, counts, log, () => node.loop.give({ in: 'nudge' })).follow())
  opened.use(watchUntold(node, stream))
  return opened.move()
}
