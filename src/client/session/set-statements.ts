import type { Taken } from '../nodes/cluster.ts'
import type { Answer, Work } from '../nodes/link.ts'
import { keptWork } from './recorded.ts'

/** The SET statements of a session, to give to each connection that is bound later. */
export class SetStatements {
  readonly #kept: Work[] = []

  get isEmpty(): boolean {
    return this.#kept.length === 0
  }

  /** All of them. Rejects as a statement does. */
  async giveTo({ link }: Taken): Promise<void> {
    if (!this.isEmpty) link.tainted = true
    for (const work of this.#kept) await link.run(work)
  }

  /** One more: here, on what is bound beside it, and on what is bound later. */
  async add(taken: Taken, others: readonly (Taken | null)[], work: Work): Promise<Answer> {
    let sent = work.options.sql
    taken.link.tainted = true
    const answer = await taken.link.run(work, (sql) => (sent = sql))
    const kept = keptWork(work, sent)
    for (const other of others) {
      if (other === null || other === taken || other.link.dead !== null) continue
      other.link.tainted = true
      await other.link.run(kept)
    }
    // The same text with other values says it anew.
    const before = this.#kept.findIndex(({ options }) => options.sql === kept.options.sql)
    if (before >= 0) this.#kept.splice(before, 1)
    this.#kept.push(kept)
    return answer
  }

  clear(): void {
    this.#kept.length = 0
  }
}
