import type { Answer, Proposal } from '../../src/galera/fence.ts'
import type { Random } from './random.ts'

interface Late {
  readonly to: string
  readonly proposal: Proposal
  readonly answered: (answer: Answer) => void
}

/** Who reaches whom, and what is under way. */
export class SimNetwork {
  /** Messages get lost, come twice, late or to another. */
  lossy = false
  #sides: ReadonlyMap<string, number> | null = null
  readonly #late: Late[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  readonly reachable = (a: string, b: string): boolean => this.#sides === null || this.#sides.get(a) === this.#sides.get(b)

  lost(): boolean {
    return this.lossy && this.#random.chance(0.1)
  }

  /** @returns which side each is on */
  cut(names: readonly string[]): ReadonlyMap<string, number> {
    this.#sides = new Map(names.map((name) => [name, this.#random.below(2)]))
    return this.#sides
  }

  heal(): void {
    this.#sides = null
  }

  /** It comes again, or only after its sender has given it up. */
  delay(message: Late): void {
    this.#late.push(message)
  }

  /** One that was delayed, sometimes. */
  takeLate(): Late | null {
    if (this.#late.length === 0 || !this.#random.chance(0.05)) return null
    return this.#late.splice(this.#random.below(this.#late.length), 1)[0] ?? null
  }
}
