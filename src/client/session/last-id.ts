import { LostSessionError } from '../errors.ts'
import type { Link } from '../nodes/link.ts'

/** What LAST_INSERT_ID() tells is known by one connection only: the one that gave this session its last id. */
export class LastId {
  #given = false
  #knownBy: Link | null = null
  /** The statement that is under way asks for it, and its own transaction has given none. */
  asked = false

  /** The connection that has to be asked; null: it does not matter which, or nobody knows. */
  get knownBy(): Link | null {
    return this.#knownBy
  }

  /** `link`: null where it is gone by now. */
  gave(link: Link | null): void {
    this.#given = true
    this.#knownBy = link
  }

  /** Nobody else may ask it, or it is not known which id it was. */
  lost(link: Link | null = this.#knownBy): void {
    if (this.#knownBy === link) this.#knownBy = null
  }

  /** The session begins anew. */
  clear(): void {
    this.#given = this.asked = false
    this.#knownBy = null
  }

  /** @throws LostSessionError where the statement asks for it, and this connection does not know it */
  require(link: Link): void {
    if (this.asked && this.#given && (link !== this.#knownBy || link.dead !== null)) throw new LostSessionError('the id that LAST_INSERT_ID() would tell', link.dead ?? undefined)
  }
}
