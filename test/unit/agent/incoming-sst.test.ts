import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { IncomingTransfers } from '../../../src/agent/incoming-sst.ts'
import type { SstReport } from '../../../src/sst/report.ts'

const told = (stage: string, text: string, state: SstReport['state'] = 'running'): SstReport => ({ from: 'n1', to: 'n2:3306', state, stage, text, at: 0 })

test('the log of the joiner has each new stage once, and not every step of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'galeractl-test-'))
  try {
    const serverLog = join(folder, 'log')
    const transfers = new IncomingTransfers()
    for (const one of [told('definitions', '1 of 9'), told('definitions', '5 of 9'), told('rows', '0 of 9'), told('rows', '1 of 9'), told('failed', 'gone\n[ERROR] not mine', 'failed')]) await transfers.hear(one, serverLog, {} as never)
    expect(readFileSync(serverLog, 'utf8').replaceAll(/ \(.*\)/g, '')).toBe('WSREP_SST: [INFO] from n1: 1 of 9\nWSREP_SST: [INFO] from n1: 0 of 9\nWSREP_SST: [ERROR] from n1: gone [ERROR] not mine\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
