import { rm, writeFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Hono } from 'hono'
import { configOf, type Gear } from '../gear/gear.ts'
import { lockGear } from '../gear/gear-lock.ts'
import { refuseWhileSwapping } from '../gear/unfinished-restore.ts'
import { findMariadb } from '../mariadb/programs.ts'
import { Session } from '../mariadb/session.ts'
import { agentPassword } from '../mariadb/users.ts'
import type { Logger } from '../system/log.ts'
import { archiveBinlogs } from './archiver.ts'
import { takeOver } from './bring-up.ts'
import { controlApi } from './control-api.ts'
import { endLeftLease } from './desync-lease.ts'
import { EventCommands } from './event-commands.ts'
import { EventLog } from './event-log.ts'
import { EventStream } from './event-stream.ts'
import { healthApi } from './health-api.ts'
import { LedgerStore } from './ledger-store.ts'
import { closeServer, LAST_ANSWERS, listen } from './listen.ts'
import { Node } from './node.ts'
import { peerApi } from './peer-api.ts'
import { RunFiles } from './run-files.ts'
import { SpoolReader } from './spool-reader.ts'
import { Supervisor } from './supervisor.ts'
import { watchUntold } from './untold-views.ts'

export interface Agent {
  readonly node: Node
  readonly supervisor: Supervisor
  /** Resolves when the agent was told to quit. */
  readonly quit: Promise<void>
  readonly close: () => Promise<void>
}

/** Opens everything that is known of a node, without watching or answering anything. */
export async function openNode(gear: Gear, log: Logger, mode: 'own' | 'look' = 'look'): Promise<Node> {
  const config = configOf(gear)
  log.level = process.env['GALERACTL_LOG_LEVEL'] ?? config.logLevel
  const { store, damaged } = await LedgerStore.open(gear.paths.ledger, config.name, mode)
  if (damaged !== null) log.error({ ledger: damaged }, `the ledger was damaged or of another node${mode === 'own' ? '; it was set aside' : ''}`)
  return new Node(gear.paths, config, await findMariadb(config.mariadbBin), store, new Session(gear.paths.socket, agentPassword(config)), log)
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
  const supervisor = new Supervisor(node)
  opened.defer(async () => {
    await Promise.race([node.snapshot?.end(), delay(LAST_ANSWERS)])
    await supervisor.release()
    if (node.server !== null) log.info({ pid: node.server.pid }, 'the agent ends, mariadbd goes on')
  })
  // A node without events is better than none.
  const events = await takeEvents(node, supervisor).catch((error) => log.error({ err: error }, 'events can not be logged; they wait in the notify spool for the next agent'))
  if (events !== undefined) opened.use(events)
  const { promise: quit, resolve: tellQuit } = Promise.withResolvers<void>()
  const adopted = await takeOver(node)
  void endLeftLease(node).catch((error) => node.log.error({ err: error }, 'whether the node was left desynced can not be read'))
  opened.use(archiveBinlogs(node))
  const open = new Hono().route('/', healthApi(node)).route('/', peerApi(node))
  opened.adopt(await listen(open, { host: node.config.bindAddress, port: node.config.listen.agent }), closeServer)
  opened.use(await RunFiles.open(node, controlApi(node, supervisor, tellQuit)))
  if (adopted) supervisor.start()
  opened.use(supervisor.lookOut())
  const all = opened.move()
  return { node, supervisor, quit, close: () => all.disposeAsync() }
}

/** Events tell the supervisor to look at once; what they mean, it asks the server. */
async function takeEvents(node: Node, supervisor: Supervisor): Promise<AsyncDisposable> {
  const { paths, counts, log } = node
  await using opened = new AsyncDisposableStack()
  const events = await EventLog.open(paths.events)
  node.toldView = () => events.view
  const commands = opened.use(new EventCommands({ folder: paths.notifyFolder, gear: paths.dir, owner: process.getuid?.() ?? 0, timeout: () => node.config.notifyTimeout }, counts, log))
  const stream = new EventStream(events, counts, log, (event) => commands.add(event))
  opened.use(new SpoolReader(paths.spool, stream, counts, log, () => supervisor.poke()).follow())
  opened.use(watchUntold(node, stream))
  return opened.move()
}
