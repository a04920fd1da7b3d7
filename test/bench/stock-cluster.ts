import { execFileSync, execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, openSync, rmSync, writeFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { scratchFolder } from '../support/cluster.ts'

/** Three mariadbd with Galera's default settings and the rsync method, handled as the manual says: the reference. */
export interface StockNode {
  readonly name: string
  readonly address: string
  readonly folder: string
}

export class StockCluster implements Disposable {
  readonly nodes: readonly StockNode[]
  readonly #folder = scratchFolder()
  readonly #running = new Map<string, ChildProcess>()

  constructor(net: number) {
    this.nodes = [1, 2, 3].map((at) => ({ name: `s${at}`, address: `127.0.${net}.${at}`, folder: join(this.#folder, `s${at}`) }))
    for (const node of this.nodes) this.#make(node)
  }

  /** `galera_recovery`: the position to start from. */
  async recover(node: StockNode): Promise<string> {
    const { stderr } = await promisify(execFile)('mariadbd', [`--defaults-file=${node.folder}/my.cnf`, '--wsrep-recover', '--disable-log-error', ...asUser()], { encoding: 'utf8' })
    return stderr.match(/Recovered position:\s*(\S+)/)?.[1] ?? ''
  }

  start(node: StockNode, ...args: string[]): void {
    const log = openSync(join(node.folder, 'log'), 'a')
    this.#running.set(node.name, spawn('mariadbd', [`--defaults-file=${node.folder}/my.cnf`, ...asUser(), ...args], { stdio: ['ignore', log, log] }))
  }

  /** Resolves when the node is Synced. */
  async synced(node: StockNode): Promise<void> {
    for (const deadline = performance.now() + 120_000; performance.now() < deadline; ) {
      if ((await this.#state(node)) === 'Synced') return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error(`${node.name} is not Synced: ${readFileSync(join(node.folder, 'log'), 'utf8').split('\n').slice(-15).join('\n')}`)
  }

  async stop(node: StockNode): Promise<void> {
    await this.#end(node, 'SIGTERM')
  }

  async kill(nodes: readonly StockNode[] = this.nodes): Promise<void> {
    await Promise.all(nodes.map((node) => this.#end(node, 'SIGKILL')))
  }

  /** `safe_to_bootstrap: 1`, by hand; and no view to restore. */
  markSafe(node: StockNode): void {
    const grastate = join(node.folder, 'data/grastate.dat')
    writeFileSync(grastate, readFileSync(grastate, 'utf8').replace('safe_to_bootstrap: 0', 'safe_to_bootstrap: 1'))
    rmSync(join(node.folder, 'data/gvwstate.dat'), { force: true })
  }

  async query(node: StockNode, text: string): Promise<void> {
    const sql = await createConnection({ socketPath: join(node.folder, 'sock'), user: 'root' })
    await sql.query(text)
    sql.destroy()
  }

  [Symbol.dispose](): void {
    for (const child of this.#running.values()) child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  async #end(node: StockNode, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(node.name)
    if (child === undefined || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill(signal)
    await ended
    this.#running.delete(node.name)
  }

  async #state(node: StockNode): Promise<string> {
    try {
      const sql = await createConnection({ socketPath: join(node.folder, 'sock'), user: 'root' })
      const [rows] = await sql.query("SHOW STATUS LIKE 'wsrep_local_state_comment'")
      sql.destroy()
      return (rows as { Value: string }[])[0]?.Value ?? ''
    } catch {
      return ''
    }
  }

  #make(node: StockNode): void {
    const others = this.nodes.map((one) => one.address).join(',')
    mkdirSync(join(node.folder, 'data'), { recursive: true })
    writeFileSync(
      join(node.folder, 'my.cnf'),
      `[mariadbd]\ndatadir=${node.folder}/data\nsocket=${node.folder}/sock\npid_file=${node.folder}/pid\nbind_address=${node.address}\nport=3306\nbinlog_format=ROW\ninnodb_autoinc_lock_mode=2\nwsrep_on=ON\nwsrep_provider=/usr/lib/galera/libgalera_smm.so\nwsrep_cluster_name=stock\nwsrep_cluster_address=gcomm://${others}\nwsrep_node_name=${node.name}\nwsrep_node_address=${node.address}\nwsrep_provider_options=gmcast.listen_addr=tcp://${node.address}:4567\nwsrep_sst_method=rsync\n`,
    )
    if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'mysql:mysql', this.#folder])
    execFileSync('mariadb-install-db', ['--no-defaults', '--skip-test-db', '--auth-root-authentication-method=normal', `--datadir=${node.folder}/data`, ...asUser()], { stdio: 'ignore' })
  }
}

const asUser = () => (process.getuid?.() === 0 ? ['--user=mysql'] : [])
