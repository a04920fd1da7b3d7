import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from './peer.ts'

/** The attributes that pacemaker keeps of each node, in the files that the stand-ins read and write: FOLDER/NODE/NAME. */
export class Attributes {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** The promotion score that the agent gave, 0 where none. */
  score(host: Host): number {
    const file = join(this.folder, host.name, 'promotion-score')
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  }

  /** What the cluster manager's status tells of the resource on this host; null: it does not run there. */
  setRole(host: Host, role: 'Promoted' | 'Unpromoted' | null): void {
    const file = join(this.folder, host.name, 'role')
    if (role === null) return rmSync(file, { force: true })
    mkdirSync(join(this.folder, host.name), { recursive: true })
    writeFileSync(file, `${role}\n`)
  }

  /** A node that leaves takes its transient attributes (`-l reboot`) with it. */
  forget(host: Host): void {
    rmSync(join(this.folder, host.name), { recursive: true, force: true })
  }
}
