import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { EXECUTABLE } from '../support/cluster.ts'

/** A gear as the platform keeps it: a home, the cartridge in it, an address and ports. */
export interface PlatformGear {
  readonly uuid: string
  readonly name: string
  readonly address: string
  readonly home: string
  readonly cartridge: string
}

export const PORTS = { DB: 3306, GALERA: 4567, IST: 4568, SST: 4444, AGENT: 4570 } as const
const ROOT = join(import.meta.dirname, '../..')

/** The OS user of gears: mysql when the test is root, else whoever runs it. */
export const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/** The first steps of an installation: the home and a copy of the cartridge with the executable, unlocked. */
export function copyCartridge(gear: PlatformGear, executable: string): void {
  mkdirSync(join(gear.home, '.env'), { recursive: true })
  mkdirSync(join(gear.cartridge, 'env'), { recursive: true })
  for (const part of ['bin', 'hooks', 'metadata', 'versions']) cpSync(join(ROOT, part), join(gear.cartridge, part), { recursive: true, verbatimSymlinks: true })
  if (!existsSync(join(gear.cartridge, 'bin/galeractl'))) linkSync(executable, join(gear.cartridge, 'bin/galeractl'))
  unlock(gear)
}

/** The executable where it can be linked from: a copy where the checkout is on another file system or closed to gears. */
export function executableFor(folder: string): string {
  const path = join(folder, 'galeractl')
  try {
    linkSync(EXECUTABLE, path)
  } catch {
    copyFileSync(EXECUTABLE, path)
    chmodSync(path, 0o755)
  }
  return path
}

/** While it is unlocked the gear's user may make files in the cartridge's folder. */
export function unlock(gear: PlatformGear): void {
  chownSync(gear.cartridge, owner.uid, owner.gid)
  chmodSync(gear.cartridge, 0o755)
}

/** Then only in what the cartridge made and did not list as locked. */
export function relock(gear: PlatformGear): void {
  if (process.getuid?.() === 0) chownSync(gear.cartridge, 0, 0)
  chmodSync(gear.cartridge, 0o555)
}

/** One file for each variable of an endpoint; others see the same ports. */
export function writeEndpoints(gear: PlatformGear, shift: number): void {
  setVariable(gear, 'OPENSHIFT_MARIADB_DB_HOST', gear.address)
  for (const [name, port] of Object.entries(PORTS)) {
    setVariable(gear, `OPENSHIFT_MARIADB_${name}_PORT`, String(port + shift))
    setVariable(gear, `OPENSHIFT_MARIADB_${name}_PROXY_PORT`, String(port + shift))
  }
}

export function setVariable(gear: PlatformGear, name: string, value: string): void {
  writeFileSync(join(gear.home, '.env', name), value)
}

/** The environment of a script: one file each, later folders win; nothing else. */
export function environmentOf(gear: PlatformGear, common: string): Record<string, string> {
  const carts = readdirSync(gear.home, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== '.env').map((entry) => join(gear.home, entry.name, 'env'))
  const pushed = readdirSync(join(gear.home, '.env'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => join(gear.home, '.env', entry.name))
  return Object.assign({}, ...[common, join(gear.home, '.env'), ...carts, ...pushed, join(gear.cartridge, 'env')].map(variablesIn)) as Record<string, string>
}

function variablesIn(folder: string): Record<string, string> {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile()) : []
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8').replace(/\n$/, '')]))
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'mysql'], { encoding: 'utf8' }))
}
