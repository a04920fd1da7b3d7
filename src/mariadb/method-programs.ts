import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/resolve.ts'
import type { Fault } from '../errors.ts'

/** Programs of MariaDB's scripts, with the Debian package of each. Ours needs none. */
const NEEDED: Readonly<Record<string, Readonly<Record<'plain' | 'tls', readonly (readonly [program: string, debian: string])[]>>>> = {
  rsync: { plain: [['rsync', 'rsync']], tls: [['stunnel', 'stunnel4'], ['openssl', 'openssl']] },
  mariabackup: { plain: [['mariadb-backup', 'mariadb-backup'], ['socat', 'socat']], tls: [['openssl', 'openssl']] },
}

/** The scripts look further than the PATH of whoever starts the agent. */
const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin']

/** Without them a state transfer would fail at the moment when it is needed. */
export async function methodFaults({ sstMethod, tls }: Pick<Config, 'sstMethod' | 'tls'>): Promise<readonly Fault[]> {
  const needed = NEEDED[sstMethod]
  if (needed === undefined) return []
  const faults: Fault[] = []
  for (const [program, debian] of [...needed.plain, ...(tls === 'off' ? [] : needed.tls)]) {
    if (await isInstalled(program)) continue
    faults.push({ code: 'no-program', message: `${program} is not installed; state transfers by ${sstMethod}${tls === 'off' ? '' : ' with TLS'} need it`, hint: `Install it (apt-get install ${debian}), or set another --sst-method.` })
  }
  return faults
}

async function isInstalled(program: string): Promise<boolean> {
  for (const folder of new Set([...(process.env['PATH'] ?? '').split(':'), ...FOLDERS])) {
    if (await access(join(folder, program), constants.X_OK).then(() => true, () => false)) return true
  }
  return false
}
