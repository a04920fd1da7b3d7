import { execFile } from 'node:child_process'
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { dumpLogical } from '../../src/snapshot/logical/dump.ts'
import { loadLogical } from '../../src/snapshot/logical/load.ts'
import { type Standalone, startStandalone } from '../support/standalone.ts'
import { pairs, type Row, time } from './measure.ts'
import { gigabytes } from './gigabytes.ts'

const run = promisify(execFile)

/** Both sides. */
const LANES = 2
const SETTINGS = ['--innodb-buffer-pool-size=1G']

/** A logical snapshot of about 2 GB and its way back, against mydumper and myloader; nobody compresses. */
export async function logicalRows(rounds: number, tell: (text: string) => void): Promise<{ readonly rows: readonly Row[] }> {
  tell('logical snapshot of 2 GB: making the data')
  await using source = await startStandalone({ settings: SETTINGS })
  source.sql(`CREATE DATABASE app; USE app;\n${gigabytes(2)}`)
  const archive = join(source.folder, 'archive.tar')
  const folder = join(source.folder, 'mydumper')
  const ours = () => time(async () => {
    tell('logical snapshot: galeractl')
    await dumpLogical({ access: source.access, output: createWriteStream(archive), lanes: LANES, buffers: 'reused' })
  })
  const reference = () => {
    tell('logical snapshot: mydumper')
    rmSync(folder, { recursive: true, force: true })
    return time(() => run('mydumper', ['-S', source.access.socketPath, '-u', 'root', '-t', String(LANES), '-B', 'app', '-o', folder]))
  }
  const dumped = await pairs(rounds, ours, reference)
  const intoNew = async (what: string, load: (target: Standalone) => Promise<unknown>) => {
    tell(`restore of a logical snapshot: ${what}`)
    await using target = await startStandalone({ settings: SETTINGS })
    return await time(() => load(target))
  }
  const loaded = await pairs(
    rounds,
    () => intoNew('galeractl', ({ access }) => loadLogical({ access, input: createReadStream(archive, { highWaterMark: 262_144 }), lanes: LANES })),
    () => intoNew('myloader', ({ access }) => run('myloader', ['-S', access.socketPath, '-u', 'root', '-t', String(LANES), '-d', folder])),
  )
  return {
    rows: [
      { what: 'logical snapshot of 2 GB', ...dumped, against: 'mydumper', goal: 1 },
      { what: 'its restore', ...loaded, against: 'myloader', goal: 1 },
    ],
  }
}
