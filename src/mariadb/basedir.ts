import { lstat, readdir, readFile, readlink, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isErrno, makeFolder, readIfExists, writeFileAtomic } from '../system/files.ts'

/**
 * The gear's private basedir. mariadbd puts its own basedir/bin before PATH when it runs
 * wsrep_sst_METHOD [ran], so what stands here is what runs. Everything else leads to the system's.
 */
export async function refreshBasedir(basedir: string, mariadbd: string, own: { readonly file: string; readonly args: readonly string[] }): Promise<void> {
  const prefix = dirname(dirname(mariadbd))
  await makeFolder(join(basedir, 'bin'), 0o755)
  await link(join(prefix, 'share'), join(basedir, 'share'))
  await link(join(prefix, 'lib'), join(basedir, 'lib'))
  const bin = join(prefix, 'bin')
  for (const name of (await readdir(bin)).filter((one) => /^(wsrep_sst_|mariadb|mariabackup|my_print_defaults)/.test(one))) {
    if (name !== RSYNC && name !== MYSQLDUMP) await link(join(bin, name), join(basedir, 'bin', name))
  }
  await writeRsyncScript(join(bin, RSYNC), join(basedir, 'bin', RSYNC))
  await writeOwn(join(basedir, 'bin', MYSQLDUMP), mysqldumpScript(own))
}

const RSYNC = 'wsrep_sst_rsync'
const MYSQLDUMP = 'wsrep_sst_mysqldump'

/** The gear is where the script is, so that a moved one still works. */
function mysqldumpScript({ file, args }: { readonly file: string; readonly args: readonly string[] }): string {
  const quoted = [file, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  return `#!/bin/sh\n# Written by galeractl, in place of MariaDB's own script of this name.\nexec ${quoted} --gear "\${0%/*}/../.." sst-mysqldump "$@"\n`
}

/** A link to the system's script, or an older text, gives way. */
async function writeOwn(path: string, text: string): Promise<void> {
  const old = await lstat(path).catch(() => null)
  if (old?.isSymbolicLink()) await rm(path)
  else if (old !== null && (await readFile(path, 'utf8')) === text) return
  await writeFileAtomic(path, text, 0o755)
}

/**
 * The stock joiner looks once a second whether the donor is done, also where only IST follows. The
 * copy looks every 50 ms; nothing else differs, and where the script reads otherwise it is linked as it is.
 */
async function writeRsyncScript(source: string, target: string): Promise<void> {
  const stock = await readIfExists(source)
  if (stock === null) return
  const quick = stock.replace(/(while \[ ! -r "\$MAGIC_FILE" \][\s\S]{0,200}?\n\s*sleep )1\n/, '$10.05\n').replace(/(until check_pid_and_port[\s\S]{0,200}?\n\s*sleep )0\.2\n/, '$10.05\n')
  if (quick === stock) return link(source, target)
  await writeOwn(target, quick)
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
