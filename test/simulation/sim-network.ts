import type { Proposal } from '../../src/galera/fence.ts'
import type { Random } from './random.ts'

interface Message {
  readonly to: string
  readonly proposal: Proposal
}

/** Who reaches whom, and what is under way. */
export class SimNetwork {
  /** Messages get lost, come twice or late. */
  lossy = false
  #sides: ReadonlyMap<string, number> = new Map()
  readonly #late: Message[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  readonly reachable = (a: string, b: string): boolean => (this.#sides.get(a) ?? 0) === (this.#sides.get(b) ?? 0)

  lost(): boolean {
    return this.lossy && this.#random.chance(0.1)
  }

  /** @returns which side each is on */
  cut(names: readonly string[]): ReadonlyMap<string, number> {
    this.#sides = new Map(names.map((name) => [name, this.#random.below(2)]))
    return this.#sides
  }

  heal(): void {
    this.#sides = new Map()
  }

  /** It comes again, or only after its sender has given it up. */
  delay(message: Message): void {
    this.#late.push(message)
  }

  /** One that was delayed, sometimes. */
  takeLate(): Message | null {
    if (this.#late.length === 0 || !this.#random.chance(0.05)) return null
    return this.#late.splice(this.#random.below(this.#late.length), 1)[0] ?? null
  }
}
