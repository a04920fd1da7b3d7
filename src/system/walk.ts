import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isErrno } from './files.ts'

/** A folder that was reached step by step, each step from the one before, so that nobody can put another in its place meanwhile. */
export interface Reached extends Disposable {
  /** Without links. */
  readonly path: string
  /** Its owner. */
  readonly uid: number
  /** A name that leads to this very folder as long as it is not disposed of. */
  readonly handle: string
  /** Who owns the links on the way, other than root. */
  readonly linkedBy: ReadonlySet<number>
  /** What is missing of the way; nothing where the whole way is there. */
  readonly missing: readonly string[]
}

/** Linux has it, Node does not name it: a descriptor that only names a file. */
const O_PATH = 0o10000000
const FOLDER = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW

/** As the kernel's own limit. */
const MOST_LINKS = 40

/**
 * Goes to a folder as far as the way is there. Links are followed and their owners told.
 * @throws Error of the system: ENOTDIR, ELOOP, EACCES …
 */
export function walkTo(folder: string): Reached {
  const names = folder.split('/')
  const linkedBy = new Set<number>()
  let at = { fd: openSync('/', FOLDER), path: '/' }
  const go = (fd: number, path: string) => {
    closeSync(at.fd)
    at = { fd, path }
  }
  try {
    for (let links = 0; names.length > 0; ) {
      const name = names.shift() ?? ''
      if (name === '' || name === '.') continue
      const next = join(handleOf(at.fd), name)
      const link = linkAt(next)
      if (link === 'missing') return reached(at, linkedBy, [name, ...names.filter((one) => one !== '')])
      if (link === null) go(openSync(next, FOLDER), name === '..' ? dirname(at.path) : join(at.path, name))
      else {
        if (++links > MOST_LINKS) throw Object.assign(new Error(`too many links on the way to ${folder}`), { code: 'ELOOP' })
        if (link.uid !== 0) linkedBy.add(link.uid)
        names.unshift(...link.target.split('/'))
        if (link.target.startsWith('/')) go(openSync('/', FOLDER), '/')
      }
    }
    return reached(at, linkedBy, [])
  } catch (error) {
    closeSync(at.fd)
    throw error
  }
}

/** Makes what is missing of the way, the last with `mode`; what somebody else puts there meanwhile is not entered. */
export function makeRest({ handle, path, missing, linkedBy }: Reached, mode: number): Reached {
  let at = { fd: openSync(handle, O_PATH | constants.O_DIRECTORY), path }
  try {
    for (const [step, name] of missing.entries()) {
      const next = join(handleOf(at.fd), name)
      mkdirSync(next, { mode: step === missing.length - 1 ? mode : 0o777 })
      const fd = openSync(next, FOLDER)
      closeSync(at.fd)
      at = { fd, path: join(at.path, name) }
    }
    return reached(at, linkedBy, [])
  } catch (error) {
    closeSync(at.fd)
    throw error
  }
}

function reached({ fd, path }: { readonly fd: number; readonly path: string }, linkedBy: ReadonlySet<number>, missing: readonly string[]): Reached {
  return { path, uid: fstatSync(fd).uid, handle: handleOf(fd), linkedBy, missing, [Symbol.dispose]: () => closeSync(fd) }
}

/** Through it the kernel starts at the folder itself, not at its name. */
const handleOf = (fd: number): string => `/proc/self/fd/${fd}`

function linkAt(path: string): { readonly uid: number; readonly target: string } | 'missing' | null {
  try {
    const info = lstatSync(path)
    return info.isSymbolicLink() ? { uid: info.uid, target: readlinkSync(path) } : null
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'missing'
    throw error
  }
}
