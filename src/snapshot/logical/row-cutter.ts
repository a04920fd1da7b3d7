/** A part of a file of rows. */
export interface TextPart {
  readonly text: readonly Buffer[]
  readonly bytes: number
  /** The file ends with it, and so does a row. */
  readonly last: boolean
}

/**
 * Cuts a text of rows into files that end where a row ends. A file is not longer than `most` bytes and a part of the text,
 * but for a row that is: that one goes on in parts, as nobody can tell its length before its end.
 */
export class RowCutter {
  readonly #most: number
  readonly #ship: (part: TextPart) => void
  #text: Buffer[] = []
  #bytes = 0
  /** Bytes up to the end of the last whole row. */
  #rowsEnd = 0

  constructor(most: number, ship: (part: TextPart) => void) {
    this.#most = most
    this.#ship = ship
  }

  /** `rowsEnd`: the bytes behind the last whole row in this part; 0 where no row ends there. */
  add(text: Buffer, rowsEnd: number): void {
    if (rowsEnd > 0) this.#rowsEnd = this.#bytes + rowsEnd
    this.#text.push(text)
    this.#bytes += text.length
    if (this.#bytes < this.#most) return
    if (this.#rowsEnd > 0) this.#cut(this.#rowsEnd)
    else this.#send(this.#text.splice(0), false)
  }

  /** Behind the last row. */
  end(): void {
    if (this.#bytes > 0) this.#send(this.#text.splice(0), true)
  }

  /** What is behind the cut is copied: it is short, and its buffer goes with the rest. */
  #cut(at: number): void {
    const rest: Buffer[] = []
    for (let over = this.#bytes - at; over > 0; ) {
      const last = this.#text.pop() as Buffer
      const kept = Math.max(0, last.length - over)
      over -= last.length - kept
      rest.unshift(Buffer.from(last.subarray(kept)))
      if (kept > 0) this.#text.push(last.subarray(0, kept))
    }
    this.#send(this.#text, true)
    this.#text = rest
    this.#bytes = rest.reduce((sum, { length }) => sum + length, 0)
  }

  #send(text: readonly Buffer[], last: boolean): void {
    this.#text = []
    this.#bytes = this.#rowsEnd = 0
    this.#ship({ text, bytes: text.reduce((sum, { length }) => sum + length, 0), last })
  }
}
