import { expect, test } from 'vitest'
import { warnOfIdStep } from '../../../src/client/id-step.ts'
import type { Health } from '../../../src/client/nodes/health.ts'

const health = (idStep: number): Health => ({ state: 'synced', readOnly: false, why: '', members: [], address: null, idStep, autocommit: true })

test('ids that step by more than 1 are warned of, once in a process', async () => {
  const told: string[] = []
  const hear = (warning: Error & { code?: string }) => void (warning.code === 'GALERA_ID_STEP' && told.push(warning.message))
  process.on('warning', hear)
  try {
    for (const one of [null, health(1), health(3), health(5)]) warnOfIdStep({ health: one })
    await expect.poll(() => told).toEqual([expect.stringContaining('step by 3 on this cluster')])
  } finally {
    process.off('warning', hear)
  }
})
