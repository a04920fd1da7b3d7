import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mysql2/promise'
import type { Decision } from '../../src/galera/decision.ts'
import { reachableExecutable } from './executable.ts'
import type { Network } from './network.ts'

/** A real cluster in a temporary folder: real gears, the built executable, real mariadbd. */
export interface TestNode {
  readonly name: string
  readonly address: string
  readonly gear: string
}

export interface Result {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly milliseconds: number
}

export interface TestCluster extends AsyncDisposable {
  readonly nodes: readonly TestNode[]
  readonly folder: string
  /** Runs galeractl on a gear; any exit code is a result. */
  readonly run: (node: TestNode, ...args: string[]) => Promise<Result>
  /** As `run`, and fails unless the exit code is 0. */
  readonly must: (node: TestNode, ...args: string[]) => Promise<Result>
  /** SIGKILL of mariadbd and agents of these nodes, at the same moment. */
  readonly kill: (nodes: readonly TestNode[], what?: 'all' | 'server' | 'agent') => void
  readonly sql: <Value>(node: TestNode, work: (connection: Connection) => Promise<Value>) => Promise<Value>
  /** Runs SQL as the database's root user; resolves when it ended, also where it was cut off. */
  readonly asRoot: (node: TestNode, sql: string) => Promise<void>
  /** The application's user of a node. */
  readonly account: (node: TestNode) => Promise<{ readonly user: string; readonly password: string; readonly database: string }>
  /** Runs setup again, as at first. */
  readonly setup: (node: TestNode) => Promise<Result>
  /** The pid of a node's mariadbd as recorded. */
  readonly serverPid: (node: TestNode) => number
  /** How many members the newest view in a gear's ledger has. */
  readonly viewSize: (node: TestNode) => number
  /** The last decision in a gear's ledger. */
  readonly lastDecision: (node: TestNode) => Pick<Decision, 'do' | 'rule' | 'reason'> | undefined
}

/** Another root with MariaDB of its own, where galeractl and the servers run (scripts/debian13.sh). */
const ROOT = process.env['GALERACTL_TEST_ROOT']

/** The command that runs another one there. */
export const IN_ROOT: readonly string[] = ROOT === undefined ? [] : ['chroot', ROOT]

export const EXECUTABLE = reachableExecutable()

/** A folder that the database's user may enter. */
export function scratchFolder(): string {
  const folder = mkdtempSync('/tmp/galeractl-test-')
  chmodSync(folder, 0o755)
  return folder
}

export interface ClusterOptions {
  /** More options of setup. */
  readonly setup?: readonly string[]
  /** What the platform calls a node, as a shared variable; `n1` … where nobody says. */
  readonly name?: (at: number) => string
  /** false: no peer list yet. */
  readonly peers?: boolean
  /** Each node on a host of its own; NET is not used then. */
  readonly network?: Network
  /** The command that runs a node's commands, as `ip netns exec` does. */
  readonly enter?: (at: number) => readonly string[]
}

/**
 * Makes gears `n1` … on loopback addresses `127.0.NET.1` …; each test file takes a NET of its own.
 * All processes are ended and the folder is removed on disposal.
 */
export async function makeCluster(net: number, size: number, options: ClusterOptions = {}): Promise<TestCluster> {
  const folder = scratchFolder()
  const secret = join(folder, 'secret')
  writeFileSync(secret, `${randomBytes(24).toString('hex')}\n`, { mode: 0o644 })
  const nodes = Array.from({ length: size }, (_, at) => ({ name: options.name?.(at) ?? `n${at + 1}`, address: options.network?.address(at) ?? `127.0.${net}.${at + 1}`, gear: join(folder, `n${at + 1}`) }))
  const enter = options.enter ?? options.network?.enter ?? (() => [])
  const run: TestCluster['run'] = (node, ...args) => galeractl(['--gear', node.gear, ...args], {}, enter(nodes.indexOf(node)))
  const must: TestCluster['must'] = async (node, ...args) => {
    const result = await run(node, ...args)
    if (result.exitCode !== 0) throw new Error(`galeractl ${args.join(' ')} on ${node.name} ended with ${result.exitCode}: ${result.stderr}\n${logTail(node)}`)
    return result
  }
  const kill: TestCluster['kill'] = (some, what = 'all') => {
    const files = what === 'all' ? ['agent.pid', 'server.json'] : what === 'agent' ? ['agent.pid'] : ['server.json']
    for (const file of files) for (const node of some) killRecorded(join(node.gear, 'run', file))
  }
  const peers = nodes.map((node) => `${node.name}/${node.address}`).join(',')
  const account: TestCluster['account'] = async (node) => {
    const { user, password, database } = JSON.parse((await must(node, 'connection-info', '--json')).stdout) as { user: string; password: string; database: string }
    return { user, password, database }
  }
  const setup: TestCluster['setup'] = async (node) => {
    const settings = ['--address', node.address, '--cluster-name', 'test', '--secret-file', secret, ...(options.peers === false ? [] : ['--peers', peers]), ...(options.setup ?? [])]
    if (options.name === undefined) return must(node, 'setup', '--name', node.name, ...settings)
    const made = await galeractl(['--gear', node.gear, 'setup', ...settings], { GALERACTL_NAME: node.name }, enter(nodes.indexOf(node)))
    if (made.exitCode !== 0) throw new Error(made.stderr)
    writeFileSync(join(node.gear, 'env/GALERACTL_NAME'), `${node.name}\n`)
    return made
  }
  const cluster: TestCluster = {
    account,
    setup,
    serverPid: (node) => Number(/"pid":(\d+)/.exec(readFileSync(join(node.gear, 'run/server.json'), 'utf8'))?.[1]),
    nodes,
    folder,
    run,
    must,
    kill,
    sql: async (node, work) => {
      const info = JSON.parse((await must(node, 'connection-info', '--json')).stdout) as { host: string; port: number; user: string; password: string; database: string }
      const connection = await createConnection({ ...(options.network === undefined ? { host: info.host, port: info.port } : { socketPath: join(node.gear, 'run/mariadbd.sock') }), user: info.user, password: info.password, database: info.database, connectTimeout: 10_000 })
      try {
        return await work(connection)
      } finally {
        connection.destroy()
      }
    },
    asRoot: (node, sql) => new Promise((resolve) => execFile('mariadb', ['-uroot', `--socket=${node.gear}/run/mariadbd.sock`, '-e', sql], () => resolve())),
    viewSize: (node) => ledgerOf(node).view?.members.length ?? 0,
    lastDecision: (node) => ledgerOf(node).decisions.at(-1),
    [Symbol.asyncDispose]: async () => {
      kill(nodes)
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
  await Promise.all(nodes.map(setup))
  return cluster
}

const ledgerOf = (node: TestNode) => JSON.parse(readFileSync(join(node.gear, 'state/ledger.json'), 'utf8')) as { readonly view: { readonly members: readonly unknown[] } | null; readonly decisions: readonly Decision[] }

export function galeractl(args: readonly string[], env: Readonly<Record<string, string>> = {}, enter: readonly string[] = []): Promise<Result> {
  const [file = '', ...before] = [...enter, ...IN_ROOT, EXECUTABLE]
  const started = performance.now()
  return new Promise((resolve) => {
    execFile(file, [...before, ...args], { env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env }, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
      resolve({ exitCode, stdout, stderr, milliseconds: performance.now() - started })
    })
  })
}

function killRecorded(file: string): void {
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').match(/\d+/)?.[0]) : 0
  try {
    if (pid > 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It ended before.
  }
}

function logTail(node: TestNode): string {
  return ['log/agent.log', 'log/mariadbd.log'].map((log) => join(node.gear, log)).filter((log) => existsSync(log)).map((log) => `--- ${log}\n${readFileSync(log, 'utf8').split('\n').slice(-25).join('\n')}`).join('\n')
}
