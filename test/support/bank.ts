import { setTimeout as delay } from 'node:timers/promises'
import { type GaleraPromiseConnection, type GaleraPromisePool, ReplayMismatchError } from '../../src/client/index.ts'

const ACCOUNTS = 8
const EACH = 1_000
/** Of each client between two transfers, milliseconds. */
const PAUSE = 10

/** Transfers between accounts, each noted by its client in the same transaction: what was acknowledged must be there, once. */
export interface Bank {
  /** Transfers that were acknowledged. */
  readonly transfers: number
  readonly errors: readonly unknown[]
  /** Reads of a client that lacked a transfer of its own that was acknowledged. */
  readonly stale: number
  /** Transfers whose replay met another result than their first run, an id that somebody else has got meanwhile: begun anew, as that error says. */
  readonly mismatches: number
}

export const BANK = [
  'CREATE OR REPLACE TABLE account (id INT PRIMARY KEY, balance INT NOT NULL)',
  `INSERT INTO account SELECT seq, ${EACH} FROM seq_1_to_${ACCOUNTS}`,
  'CREATE OR REPLACE TABLE transfer (id INT AUTO_INCREMENT PRIMARY KEY, client INT NOT NULL, number INT NOT NULL, amount INT NOT NULL)',
]

/** What any node must say at the end: the total, and for each client the transfers, distinct ones, and the highest number. */
export const VERDICT = 'SELECT (SELECT SUM(balance) FROM account), (SELECT COUNT(*) FROM transfer), (SELECT COUNT(DISTINCT client, number) FROM transfer)'
export const verdictOf = ({ transfers }: Bank): string => [ACCOUNTS * EACH, transfers, transfers].join('\t')

/** Runs so many clients until `over`; half of them leave the repeating to the closure, half to the replay. */
export async function runBank(pool: GaleraPromisePool, clients: number, over: AbortSignal): Promise<Bank> {
  const bank = { transfers: 0, errors: [] as unknown[], stale: 0, mismatches: 0 }
  const client = async (name: number) => {
    for (let number = 1; !over.aborted; ) {
      const [from, to, amount] = [1 + ((number * 7 + name) % ACCOUNTS), 1 + ((number * 3 + name * 5 + 1) % ACCOUNTS), 1 + (number % 9)]
      try {
        const work = (connection: GaleraPromiseConnection) => transfer(connection, name, number, from, to, amount)
        await (name % 2 === 0 ? pool.transaction(work, { exactlyOnce: true, retries: 1_000 }) : replayed(pool, work, () => bank.mismatches++))
        bank.transfers++
        const [rows] = await pool.query('SELECT MAX(number) AS number FROM transfer WHERE client = ?', [name])
        if ((rows as { number: number }[])[0]?.number !== number) bank.stale++
        number++
        // Others measure on this machine too.
        await delay(PAUSE)
      } catch (error) {
        bank.errors.push(error)
        return
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, at) => client(at + 1)))
  return bank
}

async function transfer(connection: GaleraPromiseConnection, client: number, number: number, from: number, to: number, amount: number): Promise<void> {
  await connection.execute('UPDATE account SET balance = balance - ? WHERE id = ?', [amount, from])
  await connection.execute('UPDATE account SET balance = balance + ? WHERE id = ?', [amount, to])
  await connection.query('INSERT INTO transfer (client, number, amount) VALUES (?, ?, ?)', [client, number, amount])
}

async function replayed(pool: GaleraPromisePool, work: (connection: GaleraPromiseConnection) => Promise<void>, onMismatch: () => void): Promise<void> {
  for (;;) {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      await work(connection)
      await connection.commit()
      return
    } catch (error) {
      if (!(error instanceof ReplayMismatchError)) throw error
      onMismatch()
    } finally {
      connection.release()
    }
  }
}
