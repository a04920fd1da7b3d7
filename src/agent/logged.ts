import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BINLOG_BASENAME } from '../mariadb/binlog-config.ts'
import { setAside, syncFolder, writeFileAtomic } from '../system/files.ts'
import type { Node } from './node.ts'

/**
 * Before a launch. A server that has run without its binary log would take up the log's last state when it has one again, and
 * what it committed meanwhile would seem to be archived [ran]. So it is noted that each run since had one; where not, the
 * state goes aside, and the log begins anew at what InnoDB holds.
 */
export async function settleBinlog({ paths, config, log }: Node): Promise<void> {
  if (config.archive === null) {
    await rm(paths.logged, { force: true })
    await syncFolder(paths.state)
    return
  }
  if (await access(paths.logged).then(() => true, () => false)) return
  for (const kind of ['state', 'index']) {
    const aside = await setAside(join(paths.data, `${BINLOG_BASENAME}.${kind}`), 'aside', new Date())
    if (aside !== null) log.warn({ aside }, 'the server may have run without its binary log: that begins anew')
  }
  await writeFileAtomic(paths.logged, 'Each run of mariadbd since this file was written had its binary log.\n', 0o640)
}
