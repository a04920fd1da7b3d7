import { writeFileSync } from 'node:fs'
import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** What scripts/test.ts counts and tells once more at the end. */
export interface Results {
  readonly passed: number
  readonly failures: readonly Failure[]
}
export interface Failure {
  readonly where: string
  /** What was said of it, the difference between what was wanted and what came included. */
  readonly what: string
}
type Errors = readonly { readonly message: string; readonly stack?: string; readonly diff?: string }[]

/** A reporter of vitest that leaves the results in a file. */
export class ResultsReporter implements Reporter {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: Errors): void {
    const tests = modules.flatMap((one) => [...one.children.allTests()])
    const failures = [
      ...modules.flatMap((one) => [failureOf(one.relativeModuleId, one.errors()), ...[...one.children.allSuites()].map((suite) => failureOf(`${one.relativeModuleId}: ${suite.fullName}`, suite.errors()))]),
      ...tests.map((one) => failureOf(`${one.module.relativeModuleId}: ${one.fullName}`, errorsOf(one))),
      ...modules.map((one) => (['pending', 'queued'].includes(one.state()) ? { where: one.relativeModuleId, what: 'It was never run to its end.' } : null)),
      ...unhandled.map((error) => failureOf('outside of all tests', [error])),
    ].filter((one) => one !== null)
    writeFileSync(this.#file, JSON.stringify({ passed: tests.filter((one) => one.result().state === 'passed').length, failures } satisfies Results))
  }
}

function errorsOf(test: TestCase): Errors {
  const { state, errors } = test.result()
  return state === 'failed' ? errors : []
}

function failureOf(where: string, errors: Errors): Failure | null {
  if (errors.length === 0) return null
  return { where, what: errors.map(({ message, stack, diff }) => [ownLines(stack ?? message), diff].filter(Boolean).join('\n')).join('\n') }
}

const ownLines = (stack: string) => stack.split('\n').filter((line) => !/^ +at .*(node_modules|new Promise)/.test(line)).join('\n')
