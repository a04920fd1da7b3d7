import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import Table from 'cli-table3'
import { createConnection } from 'mysql2/promise'
import { makeCluster, type TestCluster, type TestNode } from '../../support/cluster.ts'
import { allSynced } from '../../support/one-view.ts'
import { asRoot } from '../../support/transfer.ts'
import type { Order, Told } from './application.ts'
import { CONTENDERS, type Place } from './contenders.ts'
import { FAULTS } from './faults.ts'

const CLIENTS = 8
/** Before the fault, while it lasts, and after it. Milliseconds. */
const PHASES = [2_000, 12_000, 4_000] as const
const HEAD = ['fault', 'contender', 'transactions', 'errors', 'hung', 'wrong', 'longest gap, ms', "the cluster's own, ms"]

/** The same load and faults for all, one after the other, on one cluster with Galera's own timeouts. `only`: words of faults, or whole names of contenders. */
export async function failoverLines(tell: (text: string) => void, only: readonly string[] = []): Promise<readonly string[]> {
  await using cluster = await makeCluster(55, 3)
  await Promise.all(cluster.nodes.map((node) => cluster.must(node, 'start')))
  const [first] = cluster.nodes as [TestNode]
  const place: Place = { nodes: cluster.nodes.map(({ name, address }) => ({ name, address })), account: await cluster.account(first), folder: cluster.folder }
  asRoot(first, 'CREATE TABLE galeractl_commits (token BINARY(16) NOT NULL PRIMARY KEY, tombstone BINARY(16) NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)')
  const table = new Table({ head: HEAD, style: { head: [], border: [] } })
  for (const [fault, begin] of Object.entries(FAULTS)) {
    for (const name of Object.keys(CONTENDERS)) {
      if (only.length > 0 && !only.some((word) => fault.includes(word) || name === word)) continue
      tell(`${fault}: ${name}`)
      asRoot(first, 'CREATE OR REPLACE TABLE bench_account (id INT PRIMARY KEY, balance INT); INSERT INTO bench_account SELECT seq, 1000 FROM seq_1_to_50; CREATE OR REPLACE TABLE bench_transfer (id INT AUTO_INCREMENT PRIMARY KEY, number INT); CREATE OR REPLACE TABLE bench_own (id INT PRIMARY KEY, n INT); INSERT INTO bench_own VALUES (1, 0)')
      const { told, stall } = await underFault(cluster, place, name, () => begin(cluster, first))
      for (const message of told.messages) tell(`  ${message}`)
      await allSynced(cluster)
      table.push([fault, name, String(told.acknowledged.length), errorsOf(told), String(told.hung), String(wrong(first, told)), Math.round(told.gap).toString(), Math.round(stall).toString()])
    }
  }
  return [table.toString()]
}

/** Nothing of the contender is left after it. */
async function underFault(cluster: TestCluster, place: Place, name: string, begin: () => Promise<() => Promise<unknown>>): Promise<{ readonly told: Told; readonly stall: number }> {
  const application = fork(join(import.meta.dirname, 'application.ts'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const ended = once(application, 'exit').then(() => {
    throw new Error(`the application with ${name} has ended`)
  })
  ended.catch(() => undefined)
  const over = new AbortController()
  try {
    const running = once(application, 'message')
    application.send({ name, place, clients: CLIENTS } satisfies Order)
    await Promise.race([running, ended])
    const own = stallOf(cluster, place.account, over.signal)
    await pause(PHASES[0])
    const end = await begin()
    await pause(PHASES[1])
    await end()
    await pause(PHASES[2])
    const answer = once(application, 'message') as Promise<[Told]>
    application.send('end')
    const [told] = await Promise.race([answer, ended])
    over.abort()
    return { told, stall: await own }
  } finally {
    over.abort()
    if (application.connected) application.disconnect()
    await ended.catch(() => undefined)
  }
}

function errorsOf({ refused, unknown, uncaught }: Told): string {
  const more = [...(unknown.length === 0 ? [] : [`${unknown.length} told as unknown`]), ...(uncaught === 0 ? [] : [`${uncaught} uncaught`])]
  return [String(refused.length), ...more].join(' + ')
}

/** Acknowledged, but not there once; or refused as not done, but there. */
function wrong(node: TestNode, { acknowledged, refused }: Told): number {
  const found = new Map<number, number>()
  for (const line of asRoot(node, 'SET wsrep_sync_wait = 1; SELECT number, COUNT(*) FROM bench_transfer GROUP BY number').trim().split('\n')) {
    const [number = '0', count = '0'] = line.split('\t')
    found.set(Number(number), Number(count))
  }
  return [...acknowledged].filter((number) => found.get(number) !== 1).length + [...refused].filter((number) => found.has(number)).length
}

/** What is a stall, and how little between two of them makes them one. Milliseconds. */
const [STALL, BREATH] = [200, 100]

/** The longest time in which a survivor took no write, asked all the while. A second stall may follow at once, when a lost node comes back: a COMMIT that is not sent in between waits for both. Milliseconds. */
async function stallOf(cluster: TestCluster, account: object, over: AbortSignal): Promise<number> {
  const connection = await createConnection({ ...account, host: cluster.nodes[1]?.address ?? '' })
  let longest = 0
  let [began, ended] = [-Infinity, -Infinity]
  for (let last = performance.now(); !over.aborted; ) {
    await connection.query('UPDATE bench_own SET n = n + 1')
    const now = performance.now()
    if (now - last > STALL) {
      if (last - ended > BREATH) began = last
      ended = now
      longest = Math.max(longest, ended - began)
    }
    longest = Math.max(longest, now - last)
    last = now
  }
  connection.destroy()
  return longest
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
