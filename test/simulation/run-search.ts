import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runSchedule } from './schedule.ts'
import { describeFailure, search } from './search.ts'
import { FAULTS, RARE } from './variants.ts'

/** `npm run search`: new schedules on every core, until one fails or the time is up. */
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, replay: { type: 'string' }, part: { type: 'string' }, fault: { type: 'string' } } })

const variant = variantOf(values.fault)

/** Each core has a process of its own, and most of what it makes is garbage at once. */
const HEAP = ['--min-semi-space-size=64', '--max-semi-space-size=128', '--single-threaded-gc']
/** Between two lines of progress, milliseconds. */
const PROGRESS = 10_000
/** Seeds of one core; no two search the same. */
const SPAN = 1_000_000_000

function variantOf(fault: string | undefined) {
  if (fault === undefined) return {}
  const known = { ...FAULTS, ...RARE }
  const variant = known[fault]
  if (variant === undefined) throw new Error(`no fault "${fault}"; there are: ${Object.keys(known).join('; ')}`)
  return variant
}

if (values.replay !== undefined) replay(Number(values.replay))
else if (values.part !== undefined) part(Number(values.part), Number(values.seconds))
else await onEveryCore(values.seed === undefined ? Date.now() % SPAN : Number(values.seed), Number(values.seconds))

function replay(seed: number): void {
  const outcome = runSchedule(seed, variant, true)
  process.stdout.write(`${outcome.trace.join('\n')}\n${outcome.violation ?? (outcome.needsPerson === null ? 'no violation' : `left to a person: ${outcome.needsPerson}`)}\n`)
  process.exitCode = outcome.violation === null ? 0 : 1
}

/** One core's share. */
function part(first: number, seconds: number): void {
  const end = performance.now() + seconds * 1_000
  let told = performance.now()
  const { count, failed, persons } = search(first, (done) => {
    const now = performance.now()
    if (now - told >= PROGRESS) {
      told = now
      process.stderr.write(`${done} schedules from seed ${first}\n`)
    }
    return now < end
  }, variant)
  if (failed !== null) process.stdout.write(`${describeFailure(failed)}\n`)
  process.send?.({ count, persons: [...persons] })
  process.exitCode = failed === null ? 0 : 1
}

async function onEveryCore(seed: number, seconds: number): Promise<void> {
  const started = performance.now()
  const persons = new Map<string, number>()
  let count = 0
  process.stderr.write(`searching for ${seconds} s from seed ${seed}\n`)
  const codes = await Promise.all(Array.from({ length: availableParallelism() }, (_, core) => new Promise<number | null>((resolve) => {
    const child = fork(import.meta.filename, ['--part', String(seed + core * SPAN), '--seconds', String(seconds), ...(values.fault === undefined ? [] : ['--fault', values.fault])], { execArgv: HEAP })
    child.on('message', (said: { count: number; persons: [string, number][] }) => {
      count += said.count
      for (const [why, some] of said.persons) persons.set(why, (persons.get(why) ?? 0) + some)
    })
    child.once('exit', resolve)
  })))
  const left = [...persons.values()].reduce((sum, some) => sum + some, 0)
  const rate = count / ((performance.now() - started) / 1_000) / codes.length
  process.stdout.write(`${count} schedules from seed ${seed}, ${rate.toFixed(0)} a second and core; left to a person: ${left} (${((left / Math.max(1, count)) * 100).toFixed(3)} %)\n`)
  for (const [why, some] of persons) process.stdout.write(`  ${some} ${why}\n`)
  process.exitCode = codes.every((code) => code === 0) ? 0 : 1
}
