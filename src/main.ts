import { writeSync } from 'node:fs'
import manifest from '../package.json' with { type: 'json' }

// The quick path: a version costs no more than the runtime itself. Everything else is loaded when needed.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  writeSync(1, `galeractl ${manifest.version}\n`)
} else {
  void import('./cli.ts').then(({ main }) => main(process.argv.slice(2)))
}
