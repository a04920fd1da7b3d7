import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { galeractl, type Result, scratchFolder } from './cluster.ts'
import { rmSync, existsSync, readFileSync } from 'node:fs'

/** One gear in a temporary folder, without peers unless given. */
export interface TestGear extends AsyncDisposable {
  readonly dir: string
  readonly folder: string
  readonly secretFile: string
  readonly run: (...args: string[]) => Promise<Result>
  readonly setup: (...args: string[]) => Promise<Result>
}

export function testGear(address: string, name = 'n1'): TestGear {
  const folder = scratchFolder()
  const dir = join(folder, 'gear')
  const secretFile = join(folder, 'secret')
  writeFileSync(secretFile, 'a secret that is long enough\n', { mode: 0o644 })
  const run = (...args: string[]) => galeractl(['--gear', dir, ...args])
  return {
    dir,
    folder,
    secretFile,
    run,
    setup: (...args) => run('setup', '--name', name, '--address', address, '--secret-file', secretFile, ...args),
    [Symbol.asyncDispose]: async () => {
      for (const file of ['run/agent.pid', 'run/server.json']) {
        const path = join(dir, file)
        const pid = existsSync(path) ? Number(readFileSync(path, 'utf8').match(/\d+/)?.[0]) : 0
        try {
          if (pid > 0) process.kill(pid, 'SIGKILL')
        } catch {
          // It ended before.
        }
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    },
  }
}
