import { lstat, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Config } from '../config/resolve.ts'
import type { Fault } from '../errors.ts'
import { isErrno, makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'
import type { Mariadb } from './programs.ts'
import { CHANGED_SCRIPTS, changedScript, mysqldumpScript } from './sst-scripts.ts'

export interface BasedirOptions {
  readonly mariadbd: string
  /** The program that runs in place of wsrep_sst_mysqldump. */
  readonly own: { readonly file: string; readonly args: readonly string[] }
  /** Where this node listens. */
  readonly bind: string
}

/**
 * The gear's private basedir. mariadbd puts its own basedir/bin before PATH when it runs
 * wsrep_sst_METHOD [ran], so what stands here is what runs. Everything else leads to the system's.
 */
export async function refreshBasedir(basedir: string, { mariadbd, own, bind }: BasedirOptions): Promise<void> {
  const prefix = dirname(dirname(mariadbd))
  await makeFolder(join(basedir, 'bin'), 0o755)
  await link(join(prefix, 'share'), join(basedir, 'share'))
  await link(join(prefix, 'lib'), join(basedir, 'lib'))
  const bin = join(prefix, 'bin')
  for (const name of (await readdir(bin)).filter((one) => /^(wsrep_sst_|mariadb|mariabackup|my_print_defaults)/.test(one))) {
    const copy = CHANGED_SCRIPTS.includes(name) ? changedScript(name, await readFile(join(bin, name), 'utf8'), bind) : null
    if (copy !== null) await writeOwn(join(basedir, 'bin', name), copy)
    else if (name !== MYSQLDUMP) await link(join(bin, name), join(basedir, 'bin', name))
  }
  await writeOwn(join(basedir, 'bin', MYSQLDUMP), mysqldumpScript(own))
}

/** What is wrong with a script that reads otherwise than those known: without our changes, its TLS can't be vouched for. */
export async function scriptFault({ sstMethod, tls }: Pick<Config, 'sstMethod' | 'tls'>, { mariadbd, version }: Mariadb): Promise<Fault | null> {
  if (tls === 'off' || (await isKnownMethod(sstMethod, mariadbd))) return null
  return { code: 'unknown-script', message: `wsrep_sst_${sstMethod} of MariaDB ${version} reads otherwise than those known, so that its TLS cannot be vouched for`, hint: 'Set --sst-method mysqldump, or install a galeractl that knows this version.' }
}

/** Whether a method's script is one that we know; then its copy is ours. */
export async function isKnownMethod(method: string, mariadbd: string): Promise<boolean> {
  const name = `wsrep_sst_${method}`
  if (!CHANGED_SCRIPTS.includes(name)) return true
  const stock = await readIfExists(join(dirname(dirname(mariadbd)), 'bin', name))
  return stock !== null && changedScript(name, stock, '') !== null
}

const MYSQLDUMP = 'wsrep_sst_mysqldump'

/** A link to the system's script, or an older text, gives way. */
async function writeOwn(path: string, text: string): Promise<void> {
  const old = await lstat(path).catch(() => null)
  if (old?.isSymbolicLink()) await rm(path)
  else if (old !== null && (await readFile(path, 'utf8')) === text) return
  await writeFileAtomic(path, text, 0o755)
}

async function link(target: string, path: string): Promise<void> {
  try {
    if ((await readlink(path)) === target) return
  } catch (cause) {
    if (!isErrno(cause, 'ENOENT') && !isErrno(cause, 'EINVAL')) throw cause
  }
  await rm(path, { force: true })
  await symlink(target, path)
}
