import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extract } from '../../src/archive/extract.ts'
import { ArchiveReader } from '../../src/archive/inventory.ts'
import { replayBinlogs } from '../../src/archive/replay.ts'
import type { Inventory } from '../../src/galera/archived-binlog.ts'
import { BinlogScan } from '../../src/galera/binlog-scan.ts'
import { planReplay, type ReplayTarget } from '../../src/galera/replay-plan.ts'
import { parseServerGtid } from '../../src/galera/server-gtid.ts'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { type BaseCopy, copyOf, inRoot, openCopy } from '../support/base-copy.ts'

/** Three real nodes on 127.0.82.x with one archive, writers on each, and what a copy and the archive give back. */
let cluster: TestCluster
let folder: string
let archive: string
let base: BaseCopy
const written: Written[] = []
/** Those of which nobody knows whether they were acknowledged: the node went away meanwhile. */
const doubtful = new Set<number>()
const uid = Number(inRoot('id', ['-u', 'mysql']))

/** Between two writes of a client, milliseconds. */
const PACE = 40

interface Written {
  readonly id: number
  readonly seqno: bigint
  /** As the server had it, seconds since 1970. */
  readonly time: number
}

beforeAll(async () => {
  folder = mkdtempSync('/tmp/galeractl-test-archive-')
  chmodSync(folder, 0o755)
  archive = join(folder, 'archive')
  mkdirSync(archive)
  chownSync(archive, uid, -1)
  cluster = await makeCluster(82, 3, { setup: ['--archive', archive] })
  await Promise.all(cluster.nodes.map((one) => cluster.must(one, 'start')))
  await cluster.sql(node(0), (sql) => sql.query('CREATE TABLE ledger (id INT PRIMARY KEY, time BIGINT NOT NULL, more LONGBLOB)'))
})
afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const node = (at: number): TestNode => cluster.nodes[at] as TestNode
const history = () => readdirSync(archive)[0] ?? ''
const inventory = (): Promise<Inventory> => new ArchiveReader(archive).inventory(history())
const metric = async (one: TestNode, name: string) => Number(new RegExp(`^galeractl_${name} (\\S+)`, 'm').exec((await cluster.must(one, 'metrics')).stdout)?.[1])
const flush = (one: TestNode) => cluster.asRoot(one, 'FLUSH LOCAL BINARY LOGS')
const archivedTo = async () => (await inventory()).files.reduce((most, { last }) => ((last?.seqno ?? 0n) > most ? (last?.seqno ?? 0n) : most), 0n)
const newest = () => written.reduce((most, { seqno }) => (seqno > most ? seqno : most), 0n)

/** Clients of all nodes, who know the GTID of each write that was acknowledged; one whose node goes away comes back. */
function startWriters(): { readonly stop: () => Promise<void>; readonly more: () => Promise<void> } {
  const over = new AbortController()
  const write = async (one: TestNode, lane: number) => {
    const account = await cluster.account(one)
    let sql: Connection | null = null
    for (let id = lane; !over.signal.aborted; id += 100) {
      try {
        sql ??= await createConnection({ host: one.address, port: 3306, user: account.user, password: account.password, database: account.database, connectTimeout: 2_000 })
        await sql.query('INSERT INTO ledger VALUES (?, UNIX_TIMESTAMP(), REPEAT(?, 2000))', [id, String(id)])
        const [[row]] = (await sql.query('SELECT @@last_gtid AS gtid, time FROM ledger WHERE id = ?', [id])) as unknown as [[{ gtid: string; time: number }]]
        written.push({ id, seqno: parseServerGtid(row.gtid).seqno, time: row.time })
      } catch {
        doubtful.add(id)
        sql?.destroy()
        sql = null
      }
      // The state transfer needs the two cores too.
      await delay(PACE)
    }
    sql?.destroy()
  }
  const all = Promise.all(cluster.nodes.flatMap((one, at) => [write(one, at * 10 + 1), write(one, at * 10 + 2)]))
  return {
    stop: async () => {
      over.abort()
      await all
    },
    more: async () => {
      const before = written.length
      await expect.poll(() => written.length, { interval: 20 }).toBeGreaterThan(before + 50)
    },
  }
}

test('through rotation, a dead agent, a state transfer and an archive that is gone, all that was acknowledged is archived', async () => {
  const writers = startWriters()
  await writers.more()
  base = copyOf(node(0), join(folder, 'base'))
  await writers.more()
  await Promise.all([flush(node(0)), flush(node(1))])
  // Within about a second of the commit, where the disk is not busy.
  const far = newest()
  await expect.poll(archivedTo, { interval: 50, timeout: 5_000 }).toBeGreaterThanOrEqual(far)

  cluster.kill([node(0)], 'agent')
  await writers.more()
  await flush(node(0))
  await writers.more()
  await cluster.must(node(0), 'start')
  await expect.poll(() => metric(node(0), 'archive_files_total')).toBeGreaterThanOrEqual(1)

  await cluster.must(node(2), 'stop')
  rmSync(join(node(2).gear, 'data'), { recursive: true })
  await cluster.setup(node(2))
  await cluster.must(node(2), 'start')
  await writers.more()

  renameSync(archive, `${archive}.away`)
  await expect.poll(() => metric(node(0), 'archive_failing')).toBe(1)
  expect((await cluster.run(node(0), 'status')).stdout).toContain('cannot be archived')
  await writers.more()
  await flush(node(0))
  await writers.more()
  expect(await metric(node(0), 'archive_lag_bytes')).toBeGreaterThan(0)
  renameSync(`${archive}.away`, archive)
  const own = join(archive, history(), 'n2')
  chmodSync(own, 0o500)
  await flush(node(1))
  await writers.more()
  await expect.poll(() => metric(node(1), 'archive_failing')).toBe(1)
  chmodSync(own, 0o750)

  await cluster.asRoot(node(1), 'SET wsrep_on = OFF; CREATE TABLE app.own (a INT PRIMARY KEY); INSERT INTO app.own VALUES (1)')
  await cluster.sql(node(2), (sql) => sql.query('CREATE TABLE chosen AS SELECT id, more FROM ledger LIMIT 5'))
  await cluster.sql(node(2), (sql) => sql.query('ALTER TABLE chosen ADD PRIMARY KEY (id)'))
  // A statement that fails on all nodes takes a GTID and is not logged.
  await cluster.sql(node(0), (sql) => sql.query('CREATE TABLE chosen (a INT)').catch(() => undefined))
  await writers.more()
  await writers.stop()
  const last = newest()
  for (const one of cluster.nodes) {
    await expect.poll(async () => (await inventory()).files.filter((file) => file.node === one.name).some((file) => (file.last?.seqno ?? 0n) >= last)).toBe(true)
    await expect.poll(() => metric(one, 'archive_lag_bytes')).toBe(0)
    expect(await metric(one, 'archive_failing')).toBe(0)
  }
  expect((await cluster.run(node(0), 'archive')).exitCode).toBe(0)
})

test('a GTID means the same transaction in the files of all nodes', async () => {
  const seqnos = new Map<bigint, Set<bigint>>()
  const { files } = await inventory()
  for (const [at, file] of files.entries()) {
    const path = join(folder, `one-${at}`)
    const part = await extract(join(archive, history(), file.node), { file, after: 0n, to: 2n ** 62n }, { kind: 'latest' }, path)
    expect(part.groups).toBeGreaterThan(0)
    new BinlogScan(({ gtid, seqno }) => {
      if (gtid.domain === 0 && seqno !== null) seqnos.set(gtid.seqno, (seqnos.get(gtid.seqno) ?? new Set()).add(seqno))
    }).add(readFileSync(path))
  }
  expect(new Set(files.map((file) => file.node))).toEqual(new Set(['n1', 'n2', 'n3']))
  expect([...seqnos].filter(([, galera]) => galera.size !== 1)).toEqual([])
  expect(written.filter(({ seqno }) => !seqnos.has(seqno))).toEqual([])
})

/** A fresh copy, and the archive up to there. */
async function replayed(name: string, target: ReplayTarget) {
  const at = join(folder, name)
  await using copy = await openCopy(base, at)
  const plan = planReplay(await inventory(), base.position, target)
  const result = await replayBinlogs({ archive, plan, socketPath: copy.socket, user: 'root', password: null, temporary: at, signal: new AbortController().signal, tell: () => undefined })
  return { result, ids: copy.rows('SELECT id FROM app.ledger ORDER BY id').map(Number).filter((id) => !doubtful.has(id)), tables: copy.rows('SHOW TABLES IN app'), sum: copy.rows('CHECKSUM TABLE app.ledger EXTENDED')[0] }
}

const idsWhere = (wanted: (one: Written) => boolean) => written.filter(wanted).map(({ id }) => id).toSorted((a, b) => a - b)

test('everything was deleted by mistake: the copy and the archive give back all that was there the second before', async () => {
  const before = execFileSync('mariadb', ['-uroot', `--socket=${node(0).gear}/run/mariadbd.sock`, '-NB', '-e', 'CHECKSUM TABLE app.ledger EXTENDED'], { encoding: 'utf8' }).trim()
  const second = await cluster.sql(node(1), async (sql) => {
    const [[{ now }]] = (await sql.query('SELECT UNIX_TIMESTAMP() AS now')) as unknown as [[{ now: number }]]
    // The mistake comes in a second of its own.
    await expect.poll(async () => ((await sql.query('SELECT UNIX_TIMESTAMP() AS now')) as unknown as [[{ now: number }]])[0][0].now, { interval: 20 }).toBeGreaterThan(now)
    await sql.query('DELETE FROM ledger')
    return now + 1
  })
  await expect.poll(() => inventory().then(({ files }) => files.every((file) => file.finished || (file.lastTime ?? 0) >= new Date(second * 1000)))).toBe(true)
  const { ids, tables, sum, result } = await replayed('mistake', { kind: 'time', at: new Date(second * 1000) })
  expect(ids).toEqual(idsWhere(() => true))
  expect(sum).toBe(before)
  // What a session wrote to one node alone is not the cluster's.
  expect(tables).toEqual(['chosen', 'ledger'])
  expect(result.last?.gtid.seqno).toBeGreaterThanOrEqual(newest())
})

test('to a GTID in the midst, that transaction is the last; to a second in the midst, none of that second is there', async () => {
  const start = parseServerGtid(base.position).seqno
  const later = written.filter(({ seqno }) => seqno > start).toSorted((a, b) => (a.seqno < b.seqno ? -1 : 1))
  const middle = later[Math.floor(later.length / 2)] as Written
  const [one, other] = await Promise.all([replayed('gtid', { kind: 'gtid', gtid: { domain: 0, server: 9, seqno: middle.seqno } }), replayed('time', { kind: 'time', at: new Date(middle.time * 1000) })])
  expect(one.ids).toEqual(idsWhere(({ seqno }) => seqno <= middle.seqno))
  expect(one.result.last?.gtid.seqno).toBe(middle.seqno)
  const first = later.find(({ time }) => time >= middle.time) as Written
  expect(other.ids).toEqual(idsWhere(({ seqno }) => seqno < first.seqno))
  expect(other.ids).not.toEqual([])
})

test('a replay that does not fit the copy ends with the transaction that failed, and one to an absent server says so', async () => {
  const at = join(folder, 'unfit')
  await using copy = await openCopy(base, at)
  const plan = planReplay(await inventory(), base.position, { kind: 'gtid', gtid: { domain: 0, server: 0, seqno: parseServerGtid(base.position).seqno + 40n } })
  const options = { archive, plan, socketPath: copy.socket, user: 'root', password: null, temporary: at, signal: new AbortController().signal, tell: () => undefined }
  const unfit = written.filter(({ seqno }) => seqno > plan.from).toSorted((a, b) => (a.seqno < b.seqno ? -1 : 1))[20] as Written
  copy.rows(`INSERT INTO app.ledger VALUES (${unfit.id}, 0, '')`)
  await expect(replayBinlogs(options)).rejects.toMatchObject({ code: 'replay-failed', applied: { seqno: unfit.seqno - 1n } })
  await expect(replayBinlogs({ ...options, socketPath: join(at, 'none') })).rejects.toMatchObject({ code: 'replay-failed', applied: null })
  expect(readdirSync(at).filter((name) => name.startsWith('galeractl-replay-'))).toEqual([])
})

test('a file that is lost on one node is taken from others; what all have lost is a gap, by name', async () => {
  const { files } = await inventory()
  const target = files.find(({ node: name, finished, first }) => name === 'n1' && finished && (first?.seqno ?? 0n) > parseServerGtid(base.position).seqno)
  const lost = target?.first?.seqno ?? 0n
  const covering = files.filter((file) => (file.first?.seqno ?? 0n) <= lost + 1n && (file.last?.seqno ?? 0n) >= lost + 1n)
  const remove = (names: typeof files) => {
    for (const file of names) for (const kind of ['zst', 'json', 'part']) rmSync(join(archive, history(), file.node, `${file.name}.${kind}`), { force: true })
  }
  expect(target).toBeDefined()
  expect(covering.length).toBeGreaterThan(1)
  remove(covering.filter(({ node: name }) => name === 'n1'))
  expect(planReplay(await inventory(), base.position, { kind: 'latest' }).steps.some(({ file }) => file.node !== 'n1')).toBe(true)
  expect((await cluster.run(node(0), 'archive')).exitCode).toBe(0)

  cluster.kill(cluster.nodes)
  remove(covering)
  const left = await inventory()
  expect(() => planReplay(left, base.position, { kind: 'latest' })).toThrow(expect.objectContaining({ code: 'archive-gap', gap: expect.objectContaining({ first: expect.objectContaining({ domain: 0 }) }) }))
  const { exitCode, stdout } = await cluster.run(node(0), 'archive')
  expect(exitCode).toBe(5)
  expect(stdout).toContain('GAP: nobody has 0-1-')
})
