import { describe, expect, test } from 'vitest'
import type { ClientPlace } from '../place.ts'

/** The table that tells of lost COMMITs. */
export function tokens(place: ClientPlace): void {
  const { pool, on } = place

  describe('old tokens', () => {
    const table = () => `${place.account().database}.galeractl_commits`
    const insert = (hours: number, rows: string) => `INSERT INTO ${table()} (token, at) SELECT UNHEX(CONCAT(LPAD(HEX(1000 * (UNIX_TIMESTAMP() - 3600 * ${hours})), 12, '0'), LEFT(MD5(seq), 20))), NOW() - INTERVAL ${hours} HOUR FROM ${rows}`
    const addSome = async () => {
      await pool().createTokenTable()
      on(0, `DELETE FROM ${table()}; ${insert(25, 'seq_1_to_900')}; ${insert(23, 'seq_1001_to_1100')}`)
    }
    const old = () => Number(on(0, `SELECT COUNT(*) FROM ${table()} WHERE at < NOW() - INTERVAL 24 HOUR`))
    /** As many as surely are a reason to look for old ones. */
    const use = async (one: ReturnType<typeof pool>) => {
      await Promise.all(Array.from({ length: 501 }, () => one.query('INSERT INTO t (n) VALUES (7)')))
    }

    test('go while new ones come, and no others', async () => {
      const one = pool({ exactlyOnce: true })
      await addSome()
      await use(one)
      await expect.poll(old).toBe(0)
      expect(Number(on(0, `SELECT COUNT(*) FROM ${table()}`))).toBe(100 + 501)
    })

    test('are those of long ago by the clock of the server, whatever the session takes the time to be', async () => {
      await addSome()
      const connection = await pool({ exactlyOnce: true }).getConnection()
      await connection.query('SET timestamp = 1000000000')
      await connection.beginTransaction()
      await connection.query('UPDATE t SET n = 1 WHERE id = 1')
      await connection.commit()
      connection.release()
      expect(Number(on(0, `SELECT COUNT(*) FROM ${table()} WHERE at >= NOW() - INTERVAL 24 HOUR`))).toBe(101)
    })

    test('that the user may not remove are told of once, and nothing fails', async () => {
      await addSome()
      const { database } = place.account()
      on(0, `CREATE OR REPLACE USER keeper@'%' IDENTIFIED BY 'k'; GRANT SELECT, INSERT ON ${database}.* TO keeper@'%'`)
      const told: string[] = []
      const hear = (warning: Error & { code?: string }) => void (warning.code === 'GALERA_OLD_TOKENS' && told.push(warning.message))
      process.on('warning', hear)
      try {
        const one = pool({ exactlyOnce: true, user: 'keeper', password: 'k' })
        await use(one)
        await expect.poll(() => told).toEqual([expect.stringContaining('DELETE command denied')])
        await use(one)
        expect([told.length, old()]).toEqual([1, 900])
      } finally {
        process.off('warning', hear)
        on(0, "DROP USER keeper@'%'")
      }
    })
  })
}
