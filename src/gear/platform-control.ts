import { gearPaths, openGear } from './gear.ts'
import { type ClientWord, clientLines } from './platform-output.ts'
import { postRestore, postSnapshot, preRestore, preSnapshot } from './platform-snapshot.ts'
import { BUDGET, step } from './platform-step.ts'
import { threadLines } from './platform-threads.ts'

type Tell = (word: ClientWord, text: string) => void
type Verb = (folder: string, tell: Tell) => Promise<number>

/** The platform's control verbs. It may ask for others, which are none of ours: they do nothing and succeed. */
const VERBS: Readonly<Record<string, Verb>> = {
  start: (folder, tell) => start(folder, tell, BUDGET),
  stop,
  restart: async (folder, tell) => {
    const from = performance.now()
    await stop(folder, () => undefined)
    return start(folder, tell, BUDGET - (performance.now() - from))
  },
  reload: async (folder, tell) => {
    await applySettings(folder, tell)
    tell('CLIENT_RESULT', String((await step(['--gear', folder, 'reload'], BUDGET)).said['outcome']))
    return 0
  },
  status: async (folder, tell) => {
    const { exitCode, said } = await step(['--gear', folder, 'status'], BUDGET)
    const { cluster, name, phase, message, clusterSize } = said
    if (exitCode === 0) tell('CLIENT_RESULT', `node ${name} of cluster ${cluster} is Synced, ${clusterSize} in the primary component`)
    else tell('CLIENT_ERROR', `node ${name} of cluster ${cluster} is not Synced, its phase is ${phase}${message === '' ? '' : `: ${message}`}. See galeractl status in the gear.`)
    return exitCode
  },
  tidy: async (folder, tell) => {
    const removed = (await step(['--gear', folder, 'tidy'], BUDGET)).said['removed'] as readonly string[]
    tell('CLIENT_RESULT', removed.length === 0 ? 'nothing to tidy' : removed.join('\n'))
    return 0
  },
  threaddump: async (folder, tell) => {
    const lines = await threadLines(await openGear(folder))
    tell('CLIENT_RESULT', ['The sessions of the database (SHOW FULL PROCESSLIST):', ...lines].join('\n'))
    return 0
  },
  'pre-snapshot': async (folder, tell) => done(tell, await preSnapshot(folder)),
  'post-snapshot': async (_folder, tell) => done(tell, await postSnapshot()),
  'pre-restore': async (_folder, tell) => done(tell, await preRestore()),
  'post-restore': async (folder, tell) => {
    await applySettings(folder, tell)
    return done(tell, await postRestore(folder))
  },
}

/** @returns the exit code */
export async function control(verb: string, folder: string, print: (text: string) => void): Promise<number> {
  const known = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined
  return known === undefined ? 0 : known(folder, (word, text) => print(clientLines(word, text)))
}

function done(tell: Tell, text: string): number {
  tell('CLIENT_RESULT', text)
  return 0
}

/** Settings first: after a move the platform's variables name new ports. Then as far as `budget` (milliseconds) goes. */
async function start(folder: string, tell: Tell, budget: number): Promise<number> {
  const from = performance.now()
  await applySettings(folder, tell)
  const left = budget - (performance.now() - from)
  const wished = Number((await openGear(folder)).resolved['start-timeout'].text) * 1000
  const seconds = Math.max(1, Math.floor(Math.min(wished, left - MARGIN) / 1000))
  tell('CLIENT_RESULT', String((await step(['--gear', folder, 'start', '--timeout', String(seconds)], Math.max(left, 2 * MARGIN))).said['outcome']))
  return 0
}

/** Milliseconds between the end of a start's time and the end of its process. */
const MARGIN = 5_000

async function stop(folder: string, tell: Tell): Promise<number> {
  tell('CLIENT_RESULT', String((await step(['--gear', folder, 'stop'], BUDGET)).said['outcome']))
  return 0
}

/** As `galeractl setup`: my.cnf follows the environment. */
async function applySettings(folder: string, tell: Tell): Promise<void> {
  const { said } = await step(['--gear', gearPaths(folder).dir, 'setup'], BUDGET)
  const changes = said['changes'] as readonly { what: string; before: string | null; after: string | null }[]
  for (const { what, before, after } of changes) tell('CLIENT_MESSAGE', `${what}: ${before ?? 'new'} → ${after ?? 'removed'}`)
}
