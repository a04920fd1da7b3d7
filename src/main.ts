import { writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import manifest from '../package.json' with { type: 'json' }

/**
 * V8 interprets only, and forgets code that is not used: what mostly waits takes 9 MiB less, which an agent for each gear
 * is worth [ran]. Not while rows are carried: that is seventeen times slower then.
 */
const SMALL = ['--no-sparkplug', '--no-maglev', '--no-turbofan', '--optimize-for-size', '--bytecode-old-age=2', '--invocation-count-for-feedback-allocation=1000000']
const CARRY_ROWS = new Set(['sst-mysqldump', 'snapshot', 'restore'])

// The quick path: a version costs no more than the runtime itself. Everything else is loaded when needed.
if (!isVersionTold()) {
  // Perhaps behind --json and --gear DIR.
  if (!process.argv.slice(2, 6).some((word) => CARRY_ROWS.has(word))) for (const flag of SMALL) setFlagsFromString(flag)
  void import('./cli.ts').then(({ main }) => main(process.argv.slice(2)))
}

/** Where stdout does not take it, the long path tells. */
function isVersionTold(): boolean {
  if (process.argv.length !== 3 || (process.argv[2] !== '--version' && process.argv[2] !== '-V')) return false
  try {
    writeSync(1, `galeractl ${manifest.version}\n`)
    return true
  } catch {
    return false
  }
}
