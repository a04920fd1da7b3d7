import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { makeCluster, type TestNode } from '../support/cluster.ts'
import { gigabytes } from './gigabytes.ts'
import { pairs, type Row, time } from './measure.ts'

/** Milliseconds. */
const QUIET = 10_000

/**
 * What a snapshot of one node costs the others: the p99 of commits. The node has a core of its own, as if it were another host, and the snapshot is
 * sent away, for the disk is shared by all here.
 */
export async function meanwhileRows(rounds: number, tell: (text: string) => void): Promise<{ readonly rows: readonly Row[]; readonly held: readonly string[] }> {
  await using cluster = await makeCluster(54, 3, { enter: (at) => ['taskset', '-c', at === 2 ? '0' : '1'] })
  const [writer, , node] = cluster.nodes as [TestNode, TestNode, TestNode]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  tell('commits while a snapshot is taken elsewhere: making the data')
  execFileSync('mariadb', ['-uroot', '-S', join(writer.gear, 'run/mariadbd.sock'), 'app'], { input: gigabytes(0.5), stdio: ['pipe', 'ignore', 'inherit'] })
  execFileSync('taskset', ['-c', '-p', '1', String(process.pid)], { stdio: 'ignore' })
  tell('commits while a snapshot is taken elsewhere')
  const connection = await createConnection({ socketPath: join(writer.gear, 'run/mariadbd.sock'), user: 'root', database: 'app' })
  try {
    await connection.query('CREATE OR REPLACE TABLE beats (id INT PRIMARY KEY, n INT)')
    const paused = async () => Number((await connection.query<never[]>("SHOW STATUS LIKE 'wsrep_flow_control_paused_ns'"))[0][0]?.['Value'])
    const p99 = async (until: () => boolean): Promise<number> => {
      const took: number[] = []
      for (let n = 0; !until(); n++) {
        took.push(await time(() => connection.query('REPLACE INTO beats VALUES (?, ?)', [n % 100, n])))
        await delay(2)
      }
      return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN
    }
    const quiet = () => {
      const started = performance.now()
      return p99(() => performance.now() - started > QUIET)
    }
    await quiet()
    const before = await paused()
    const measured = await pairs(rounds, async () => {
      let ended = false
      const snapshot = cluster.must(node, 'snapshot', 'create', '--to-command', 'cat >/dev/null').finally(() => (ended = true))
      const found = await p99(() => ended)
      await snapshot
      return found
    }, quiet)
    const pause = ((await paused()) - before) / 1e6
    return { rows: [{ what: 'p99 of commits on another node during a snapshot', ...measured, against: 'without one', goal: 1.2 }], held: [`flow control paused for ${pause.toFixed(1)} ms in all (goal 0)`] }
  } finally {
    connection.destroy()
    execFileSync('taskset', ['-c', '-p', '0-1', String(process.pid)], { stdio: 'ignore' })
  }
}
