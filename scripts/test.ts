import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Failure, Results } from './results-reporter.ts'

/** Runs every check and every test, cheapest first, and ends with what failed, once more, and one line: `N passed, N failed`. */
const CHECKS = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--deny-warnings'],
  ['layers', 'depcruise', '--config', '.dependency-cruiser.cjs', 'src'],
  ['unused code', 'knip'],
] as const
/** Characters of what is said of a failure; the whole is where it came. */
const LONGEST = 2000
/** Those of a line run at the same time. */
const PROJECTS = [['unit'], ['simulation'], ['smoke'], ['integration', 'platform', 'cluster']] as const

const wanted = process.argv.slice(2)
const chosen = (name: string) => wanted.length === 0 || wanted.includes(name)
const folder = mkdtempSync(join(tmpdir(), 'galeractl-report-'))
let passed = 0
const failures: Failure[] = []

for (const [name, command, ...args] of CHECKS) {
  if (!chosen(name)) continue
  heading(name)
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status === 0) passed++
  else failures.push({ where: name, what: '' })
}
for (const projects of PROJECTS.map((together) => together.filter(chosen))) {
  if (projects.length === 0) continue
  const where = projects.join(', ')
  heading(`tests: ${where}`)
  const file = join(folder, `${where}.json`)
  const { status } = spawnSync('vitest', ['run', ...projects.flatMap((project) => ['--project', project])], { stdio: 'inherit', env: { ...process.env, GALERACTL_RESULTS: file } })
  const results = resultsIn(file)
  passed += results.passed
  failures.push(...results.failures)
  // vitest itself did not come to its end.
  if (status !== 0 && results.failures.length === 0) failures.push({ where, what: '' })
}
rmSync(folder, { recursive: true, force: true })
for (const { where, what } of failures) process.stdout.write(`\nFAILED ${where}\n${what.slice(0, LONGEST)}\n`)
process.stdout.write(`\n${passed} passed, ${failures.length} failed\n`)
process.exitCode = failures.length === 0 ? 0 : 1

function resultsIn(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch {
    return { passed: 0, failures: [] }
  }
}

function heading(text: string): void {
  process.stdout.write(`\n=== ${text}\n`)
}
