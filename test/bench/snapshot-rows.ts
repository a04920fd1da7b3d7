import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { EXECUTABLE, makeCluster, type TestNode } from '../support/cluster.ts'
import { gigabytes } from './gigabytes.ts'
import { pairs, type Row, time } from './measure.ts'

/** Snapshots of 2 GB beside the same by hand. */
export async function snapshotRows(rounds: number, tell: (text: string) => void): Promise<{ readonly rows: readonly Row[]; readonly held: readonly string[] }> {
  await using cluster = await makeCluster(53, 3)
  const [node, ...others] = cluster.nodes as [TestNode, ...TestNode[]]
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  for (const one of others) await cluster.must(one, 'stop')
  tell('snapshots of 2 GB: making the data')
  for (const name of ['one', 'two']) sql(node, `CREATE DATABASE ${name}; USE ${name}; ${gigabytes(1)}`)
  const hand = join(node.gear, 'hand')
  const shell = (script: string) => execFileSync('runuser', ['-u', owner(node), '--', 'sh', '-c', script, 'sh', node.gear, hand], { stdio: 'ignore' })
  let most = 0
  tell('snapshots of 2 GB: create')
  const create = await pairs(rounds, async () => {
    rmSync(join(node.gear, 'snapshots'), { recursive: true, force: true })
    return time(async () => (most = Math.max(most, await createWatched(node))))
  }, async () => {
    rmSync(hand, { recursive: true, force: true })
    return time(() => shell('mkdir "$2" && mariadb-backup --defaults-file="$1/conf/backup.cnf" --backup --galera-info --stream=xbstream --parallel=2 --socket="$1/run/mariadbd.sock" --datadir="$1/data" --target-dir="$2/t" 2>/dev/null | zstd -q -3 >"$2/b.zst" && sync "$2/b.zst"'))
  })
  tell('snapshots of 2 GB: restore')
  const restore = await pairs(rounds, async () => {
    rmSync(join(node.gear, 'rescued'), { recursive: true, force: true })
    await cluster.must(node, 'stop')
    return time(() => cluster.must(node, 'restore', 'bench', '--yes', 'test', '--without', 'all'))
  }, async () => {
    await cluster.must(node, 'stop')
    const took = await time(async () => {
      shell('mkdir "$2/data" && zstd -qdc "$2/b.zst" | mbstream -x -p 2 -C "$2/data" && mariadb-backup --no-defaults --prepare --use-memory=128M --target-dir="$2/data" && sync -f "$2/data"')
      renameSync(join(node.gear, 'data'), join(node.gear, 'before'))
      renameSync(join(hand, 'data'), join(node.gear, 'data'))
      await bootstrapByHand(node)
    })
    rmSync(join(node.gear, 'before'), { recursive: true })
    await stopByHand(node)
    return took
  })
  return {
    rows: [
      { what: 'snapshot create, 2 GB', ...create, against: 'mariadb-backup --stream | zstd -3', goal: 1.05 },
      { what: 'restore, 2 GB, to Synced', ...restore, against: 'zstd -d | mbstream, --prepare, start', goal: 1.1 },
    ],
    held: [`memory of galeractl snapshot create: ${(most / 1024).toFixed(0)} MiB at most (goal 150)`],
  }
}

/** @returns the most resident memory that it had, kB */
async function createWatched(node: TestNode): Promise<number> {
  const child = spawn(EXECUTABLE, ['--gear', node.gear, 'snapshot', 'create', '--name', 'bench', '--from-last-writer'], { stdio: 'ignore' })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, Number(/^VmHWM:\s+(\d+)/m.exec(readStatus(child.pid))?.[1] ?? 0))
  }, 100)
  const code = await ended
  clearInterval(look)
  if (code !== 0) throw new Error(`snapshot create ended with ${code}`)
  return most
}

function readStatus(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

const sql = (node: TestNode, input: string) => execFileSync('mariadb', ['-uroot', '-S', join(node.gear, 'run/mariadbd.sock')], { input, stdio: ['pipe', 'ignore', 'inherit'] })
const owner = (node: TestNode) => execFileSync('stat', ['-c', '%U', node.gear], { encoding: 'utf8' }).trim()

async function bootstrapByHand(node: TestNode): Promise<void> {
  mkdirSync(join(node.gear, 'run'), { recursive: true })
  writeFileSync(join(node.gear, 'conf/conf.d/by-hand.cnf'), '')
  const child = spawn('runuser', ['-u', owner(node), '--', 'mariadbd', `--defaults-file=${node.gear}/conf/my.cnf`, '--wsrep-new-cluster'], { stdio: 'ignore', detached: true })
  child.unref()
  for (;;) {
    try {
      const connection = await createConnection({ socketPath: join(node.gear, 'run/mariadbd.sock'), user: 'root' })
      const [rows] = await connection.query<never[]>("SHOW STATUS LIKE 'wsrep_local_state_comment'")
      connection.destroy()
      if (rows[0]?.['Value'] === 'Synced') return
    } catch {
      // Not yet.
    }
    await delay(20)
  }
}

async function stopByHand(node: TestNode): Promise<void> {
  const pid = Number(readFileSync(join(node.gear, 'run/mariadbd.pid'), 'utf8'))
  process.kill(pid, 'SIGTERM')
  while (readStatus(pid) !== '' && !/^State:\s+Z/m.test(readStatus(pid))) await delay(50)
}
