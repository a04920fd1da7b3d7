import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'

/**
 * Builds dist/galeractl: one bundle, lazily evaluated, in a stripped Node as a single executable.
 * The same source gives the same bytes.
 */
const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const node = join(dirname(createRequire(import.meta.url).resolve(`node-linux-${process.arch}/package.json`)), 'bin', 'node')
mkdirSync(dist, { recursive: true })

await build({
  entryPoints: [join(root, 'src/main.ts')],
  outfile: join(dist, 'main.cjs'),
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  charset: 'utf8',
  legalComments: 'none',
  loader: { '.cnf': 'text' },
  plugins: [{ name: 'hooks-as-text', setup: ({ onLoad }) => onLoad({ filter: /hooks\/notify$/ }, ({ path }) => ({ contents: readFileSync(path, 'utf8'), loader: 'text' })) }],
  logLevel: 'warning',
})

const stripped = join(dist, 'node-stripped')
copyFileSync(node, stripped)
chmodSync(stripped, 0o755)
execFileSync('strip', [stripped])
const config = { main: join(dist, 'main.cjs'), executable: stripped, output: join(dist, 'galeractl.new'), disableExperimentalSEAWarning: true, useCodeCache: true, execArgvExtension: 'none', execArgv: ['--max-semi-space-size=1'] }
writeFileSync(join(dist, 'sea.json'), JSON.stringify(config))
execFileSync(node, ['--random-seed=1', '--build-sea', join(dist, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] })
renameSync(join(dist, 'galeractl.new'), join(dist, 'galeractl'))
rmSync(stripped)
rmSync(join(dist, 'sea.json'))
