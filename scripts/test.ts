import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Runs every check and every test, cheapest first, and ends with one line: `N passed, N failed`. */
const CHECKS = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'oxlint', '--deny-warnings'],
  ['layers', 'depcruise', '--config', '.dependency-cruiser.cjs', 'src'],
  ['unused code', 'knip'],
] as const
const PROJECTS = ['unit', 'simulation', 'integration', 'smoke', 'platform', 'cluster'] as const

const wanted = process.argv.slice(2)
const chosen = (name: string) => wanted.length === 0 || wanted.includes(name)
const folder = mkdtempSync(join(tmpdir(), 'galeractl-report-'))
let passed = 0
let failed = 0

for (const [name, command, ...args] of CHECKS) {
  if (!chosen(name)) continue
  heading(name)
  const { status } = spawnSync(command, args, { stdio: 'inherit' })
  if (status === 0) passed++
  else failed++
}
for (const project of PROJECTS) {
  if (!chosen(project)) continue
  heading(`tests: ${project}`)
  const report = join(folder, `${project}.json`)
  const { status } = spawnSync('vitest', ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], { stdio: 'inherit' })
  const counts = countsIn(report)
  passed += counts.passed
  failed += counts.failed
  // A file that can't even be loaded has no tests to count.
  if (status !== 0 && counts.failed === 0) failed++
}
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

function countsIn(report: string): { passed: number; failed: number } {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number }
    return { passed: numPassedTests, failed: numFailedTests }
  } catch {
    return { passed: 0, failed: 0 }
  }
}

function heading(text: string): void {
  process.stdout.write(`\n=== ${text}\n`)
}
