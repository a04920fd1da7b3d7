import { UsageError } from '../errors.ts'

export async function run(): Promise<number> {
  throw new UsageError('not-in-this-version', 'snapshot and restore are not in this version', 'Use mariadb-backup on a Synced node meanwhile.')
}
