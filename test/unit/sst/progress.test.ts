import { expect, test } from 'vitest'
import type { Table } from '../../../src/sst/catalog.ts'
import { describeProgress, Progress } from '../../../src/sst/progress.ts'

const MIB = 1_048_576
const table = (bytes: number): Table => ({ database: 'app', name: 't', kind: 'table', engine: 'InnoDB', bytes })

/** A progress and its clock, in seconds. */
function timed() {
  let seconds = 0
  const progress = new Progress(() => seconds * 1000)
  return { progress, pass: (more: number) => (seconds += more), line: () => describeProgress(progress.look()) }
}

test('rate and time left of one large table follow its bytes', () => {
  const { progress, pass, line } = timed()
  progress.expect({ tables: 1, bytes: 1000 * MIB })
  progress.stage('rows')
  line()
  pass(5)
  progress.moved(250 * MIB)
  expect(line()).toBe('0 of 1 tables, 250 of about 1000 MiB, 50 MiB/s, 16 s left')
})

test('the time left for many small tables follows their number', () => {
  const { progress, pass, line } = timed()
  progress.expect({ tables: 20_000, bytes: 20_000 * 16_384 })
  progress.stage('rows')
  line()
  for (let second = 0; second < 10; second++) {
    pass(1)
    for (let done = 0; done < 500; done++) {
      progress.moved(8)
      progress.finished(table(16_384))
    }
  }
  expect(line()).toBe('5000 of 20000 tables, 0.0 of about 313 MiB, 0.0 MiB/s, 30 s left')
})

test('definitions are counted, other stages are named, and nothing is promised before the first look back', () => {
  const { progress, line } = timed()
  progress.stage('definitions')
  expect(line()).toBe('definitions')
  progress.expect({ tables: 3, bytes: 0 })
  progress.made()
  expect(line()).toBe('definitions of 1 of 3 tables')
  progress.stage('rows')
  expect(line()).toBe('0 of 3 tables, 0.0 of about 0.0 MiB, 0.0 MiB/s')
})
