import { format } from 'mysql2'
import type { Cluster, Taken } from '../nodes/cluster.ts'
import type { Answer, Work } from '../nodes/link.ts'

const ID = /^\s*KILL\s+(?:(?:HARD|SOFT)\s+)?(?:(?:CONNECTION|QUERY)\s+)?(\d+)\s*;?\s*$/i

/**
 * Each node counts its connections by itself. KILL goes to the node of the statement before (`last`); as the first statement, to the one whose connection
 * has told the application this threadId.
 * @throws where that is none, or several
 */
export async function kill(cluster: Cluster, last: Taken | null, work: Work): Promise<Answer> {
  if (last !== null && last.link.dead === null) return last.link.run(work)
  const id = Number(ID.exec(format(work.options.sql, work.options.values as never))?.[1])
  const [node, ...more] = cluster.nodes.filter((one) => one.hasTold(id))
  if (node === undefined || more.length > 0) throw new Error('KILL names a connection of one node: send it to that node itself, or after a statement on this connection.')
  const link = await node.acquire()
  return link.run(work).finally(() => node.release(link))
}
