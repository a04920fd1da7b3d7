/** What every contender offers, by itself or as here. */
export interface Lease {
  beginTransaction(): Promise<unknown>
  query(sql: string, values?: unknown[]): Promise<unknown>
  commit(): Promise<unknown>
  rollback(): Promise<unknown>
  release(): unknown
  destroy(): unknown
}

export interface Contender {
  readonly getConnection: () => Promise<Lease>
  /** What it offers to repeat a whole transaction by itself. */
  readonly transaction?: (work: (connection: Lease) => Promise<void>) => Promise<void>
  /** What would outlive the process. */
  readonly stop: () => unknown
}

/** What came of a run. */
export interface Outcome {
  readonly acknowledged: readonly number[]
  readonly refused: readonly number[]
  /** Refused with an error that says itself that it may have been done. */
  readonly unknown: readonly number[]
  /** What the errors said, each once; for who looks into it. */
  readonly messages: readonly string[]
  /** Calls that had no answer when the run was over. */
  readonly hung: number
  /** The longest time without any acknowledged transaction, milliseconds. */
  readonly gap: number
}

/** A call that takes longer than this after the end is counted as hung. Milliseconds. */
const PATIENCE = 8_000

/** So many clients that move money until `over`, as an application without any retrying of its own does. */
export async function runLoad(contender: Contender, clients: number, over: AbortSignal): Promise<Outcome> {
  const acknowledged = new Set<number>()
  const refused = new Set<number>()
  const unknown = new Set<number>()
  const messages = new Set<string>()
  let number = 0
  let last = performance.now()
  let gap = 0
  let under = 0
  const client = async () => {
    while (!over.aborted) {
      const own = ++number
      under++
      try {
        await move(contender, own)
        acknowledged.add(own)
        gap = Math.max(gap, performance.now() - last)
        last = performance.now()
      } catch (error) {
        ;((error as { code?: string }).code === 'GALERA_UNKNOWN_OUTCOME' ? unknown : refused).add(own)
        messages.add((error as Error).message)
        // Who fails at once would count its errors by the speed of this machine.
        await new Promise((resolve) => setTimeout(resolve, 20))
      } finally {
        under--
      }
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client))
  await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }))
  gap = Math.max(gap, performance.now() - last)
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, PATIENCE))])
  return { acknowledged: [...acknowledged], refused: [...refused], unknown: [...unknown], messages: [...messages].slice(0, 5), hung: under, gap }
}

async function move(contender: Contender, number: number): Promise<void> {
  if (contender.transaction !== undefined) return contender.transaction((connection) => transfer(connection, number))
  const connection = await contender.getConnection()
  try {
    await connection.beginTransaction()
    await transfer(connection, number)
    await connection.commit()
    connection.release()
  } catch (error) {
    // As the manuals of all of them show it.
    await connection.rollback().then(() => connection.release(), () => connection.destroy())
    throw error
  }
}

async function transfer(connection: Lease, number: number): Promise<void> {
  await connection.query('UPDATE bench_account SET balance = balance - 1 WHERE id = ?', [(number % 50) + 1])
  await connection.query('INSERT INTO bench_transfer (number) VALUES (?)', [number])
}
