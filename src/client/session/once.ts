import type { Engine } from '../engine.ts'
import { TimeoutError } from '../errors.ts'
import { failureOf, isEndOfWait } from '../failure.ts'
import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Link, Work } from '../nodes/link.ts'
import type { Settings } from '../options.ts'
import type { Source } from './autocommit.ts'
import { untilReady } from './backoff.ts'

/** wsrep_sync_wait for reads, and as the server has it. */
const BEFORE_READ = 1
const DEFAULT = 0

/** Whether the connection waits before reads as the settings ask for. */
export const isPrepared = ({ syncWait }: Link, { consistency }: Settings): boolean => syncWait === (consistency === 'cluster' ? BEFORE_READ : DEFAULT)

/** Connections of a pool, each given back after its statement. */
export function pooled(engine: Engine, settings: Settings): Source {
  return { take: (what, deadline) => takeReached(engine, settings, what, deadline), give: ({ node, link }) => node.release(link) }
}

/** The same where it takes no wait; null where it would. */
export function takeNow({ cluster, causality }: Engine, settings: Settings, what: 'read' | 'write'): Taken | null {
  const node = cluster.choose(what)
  const link = node?.acquireFree() ?? null
  if (node === null || link === null) return null
  if (isPrepared(link, settings) && causality.isReached(node, settings)) return { node, link }
  node.release(link)
  return null
}

/** Runs what waits for the cluster before it is run (wsrep_sync_wait): a change of the view ends such a wait, and it was not run. Rejects as a statement does. */
export async function runAfterWait(link: Link, work: Work, deadline: number): Promise<Answer> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await link.run(work)
    } catch (error) {
      if (link.syncWait === DEFAULT || !isEndOfWait(error) || performance.now() >= deadline) throw error
      await untilReady(attempt)
    }
  }
}

/** A connection to a node that has applied what the settings ask for; to the writer where a reader lags. @throws as Cluster.take; TimeoutError */
export async function takeReached({ cluster, causality }: Engine, settings: Settings, first: 'read' | 'write', deadline: number): Promise<Taken> {
  let what = first
  const began = performance.now()
  for (let attempt = 0; ; attempt++) {
    const taken = await cluster.take(what, deadline, began)
    const { node, link } = taken
    try {
      if (!isPrepared(link, settings)) {
        const wanted = settings.consistency === 'cluster' ? BEFORE_READ : DEFAULT
        await link.rows(`SET SESSION wsrep_sync_wait = ${wanted === DEFAULT ? 'DEFAULT' : wanted}`)
        link.syncWait = wanted
      }
      const reached = causality.reaches(node, link, settings, deadline)
      if (reached === true || (await reached)) return taken
    } catch (error) {
      node.release(link)
      cluster.heard(node, error)
      if ((failureOf(error) === 'statement' && !isEndOfWait(error)) || performance.now() >= deadline) throw error
      await untilReady(attempt)
      continue
    }
    node.release(link)
    if (performance.now() >= deadline) throw new TimeoutError(`${node.name} has not applied what was written before, which`, settings.failoverTimeout)
    what = 'write'
  }
}
