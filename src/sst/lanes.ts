import type { Wire } from './wire.ts'

/** A session on the donor and one on the joiner that work together. */
export interface Lane {
  readonly donor: Wire
  readonly joiner: Wire
}

/** Does the work for each item in order, each lane taking the next when it is free. Rejects with the first failure. */
export async function inLanes<One, Item>(lanes: readonly One[], items: readonly Item[], work: (lane: One, item: Item) => Promise<void>): Promise<void> {
  let next = 0
  let failed = false
  await Promise.all(lanes.map(async (lane) => {
    while (next < items.length && !failed) {
      try {
        await work(lane, items[next++] as Item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }))
}
