import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { ResultsReporter } from './scripts/results-reporter.ts'

/** Template and hook files are text in the executable; the same here. */
const textAssets = {
  name: 'text-assets',
  enforce: 'pre' as const,
  load: (id: string) => (/\.cnf$|hooks\/notify$/.test(id) ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : null),
}

/** Real servers. */
const real = { testTimeout: 180_000, hookTimeout: 180_000, globalSetup: './test/support/executable.ts' }

/** Where scripts/test.ts wants the results. */
const results = process.env['GALERACTL_RESULTS']

export default defineConfig({
  plugins: [textAssets],
  test: {
    reporters: ['default', ...(results === undefined ? [] : [new ResultsReporter(results)])],
    allowOnly: results === undefined,
    // Two cores may be busy; what is awaited comes at once otherwise.
    expect: { poll: { timeout: 10_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], testTimeout: 300_000, maxWorkers: 2 } },
      { extends: true, test: { name: 'smoke', include: ['test/smoke/**/*.test.ts'], fileParallelism: false, ...real } },
      // Nodes mostly wait, for one another or for a disk: three files at a time, each with addresses of its own, keep two cores busy.
      ...['integration', 'platform', 'cluster'].map((name) => ({ extends: true as const, test: { name, include: [`test/${name}/**/*.test.ts`], maxWorkers: 3, ...real } })),
    ],
  },
})
