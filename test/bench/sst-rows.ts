import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { derivePassword, SST_USER } from '../../src/config/secrets.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { gigabytes } from './gigabytes.ts'
import { type Row, time } from './measure.ts'

/** The same transfer by ours, by MariaDB's own wsrep_sst_mysqldump, by mariabackup and by rsync; for each, how long a writer on the donor was held up. */
export async function sstRows(tell: (text: string) => void): Promise<{ readonly rows: readonly Row[]; readonly held: readonly string[] }> {
  // MariaDB's own script refuses equal ports on one host.
  await using cluster = await makeCluster(50, 2, { setup: ['--sst-method', 'mysqldump'] })
  const [donor, joiner] = cluster.nodes as [TestNode, TestNode]
  await cluster.must(joiner, 'setup', '--sql-port', '3307', '--peers', `n1/${donor.address},n2/${joiner.address}/3307`)
  await cluster.must(donor, 'setup', '--peers', `n1/${donor.address},n2/${joiner.address}/3307`)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  tell('state transfer of 1 GB: making the data')
  execFileSync('mariadb', ['-uroot', '-S', join(donor.gear, 'run/mariadbd.sock'), 'app'], { input: gigabytes(1), stdio: ['pipe', 'ignore', 'inherit'] })
  const held: string[] = []
  const transfer = async (name: string) => {
    tell(`state transfer of 1 GB: ${name}`)
    await cluster.must(joiner, 'stop')
    rmSync(join(joiner.gear, 'data'), { recursive: true })
    await cluster.must(joiner, 'setup')
    const writer = new Writer(donor)
    const took = await time(() => cluster.must(joiner, 'start', '--timeout', '900'))
    held.push(`${name}: a writer on the donor was held up for ${(await writer.end()).toFixed(1)} s`)
    return took
  }
  const ours = await transfer('galeractl, mysqldump')
  useStock(cluster, donor)
  const stock = await transfer("MariaDB's wsrep_sst_mysqldump")
  execFileSync('mariadb', ['-uroot', '-S', join(donor.gear, 'run/mariadbd.sock')], { input: "SET GLOBAL wsrep_sst_auth = ''" })
  const rows = [{ what: 'state transfer of 1 GB, mysqldump', ours: [ours], reference: [stock], against: "MariaDB's wsrep_sst_mysqldump", goal: 0.5 }]
  const others = async (more: string) => {
    for (const method of ['mariabackup', 'rsync']) {
      await useMethod(cluster, joiner, method)
      rows.push({ what: `the same by ${method}${more}`, ours: [await transfer(`${method}${more}`)], reference: [stock], against: "MariaDB's wsrep_sst_mysqldump", goal: 1 })
    }
  }
  await others('')
  for (const node of [joiner, donor]) await cluster.must(node, 'stop')
  for (const node of cluster.nodes) await cluster.must(node, 'setup', '--tls', 'on')
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  await useMethod(cluster, joiner, null)
  rows.push({ what: 'the same by mysqldump with TLS', ours: [await transfer('galeractl, mysqldump with TLS')], reference: [stock], against: "MariaDB's wsrep_sst_mysqldump", goal: 1 })
  await others(' with TLS')
  return { rows, held }
}

/** Of the joiner alone; null: that of the cluster. */
async function useMethod(cluster: TestCluster, joiner: TestNode, method: string | null): Promise<void> {
  await cluster.must(joiner, 'setup', '--sst-method', method ?? 'mysqldump')
}

/** The donor's next transfer runs MariaDB's script, with our user. */
function useStock(cluster: TestCluster, donor: TestNode): void {
  const script = join(donor.gear, 'basedir/bin/wsrep_sst_mysqldump')
  rmSync(script)
  symlinkSync('/usr/bin/wsrep_sst_mysqldump', script)
  const secret = readFileSync(join(cluster.folder, 'secret'), 'utf8').trim()
  execFileSync('mariadb', ['-uroot', '-S', join(donor.gear, 'run/mariadbd.sock')], { input: `SET GLOBAL wsrep_sst_auth = '${SST_USER}:${derivePassword(secret, SST_USER)}'` })
}

/** Writes a row every few milliseconds and keeps the longest that one took. */
class Writer {
  readonly #working: Promise<number>
  #ended = false

  constructor(node: TestNode) {
    this.#working = this.#write(node)
  }

  end(): Promise<number> {
    this.#ended = true
    return this.#working
  }

  /** @returns seconds */
  async #write(node: TestNode): Promise<number> {
    const sql = await createConnection({ socketPath: join(node.gear, 'run/mariadbd.sock'), user: 'root', database: 'app' })
    await sql.query('CREATE OR REPLACE TABLE held (id INT PRIMARY KEY, n INT)')
    let longest = 0
    for (let n = 0; !this.#ended; n++) {
      const took = await time(() => sql.query('REPLACE INTO held VALUES (1, ?)', [n]))
      longest = Math.max(longest, took)
      await delay(5)
    }
    sql.destroy()
    return longest / 1000
  }
}
