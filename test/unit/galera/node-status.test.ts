import { expect, test } from 'vitest'
import { isSynced, parseNodeStatus } from '../../../src/galera/node-status.ts'
import { NIL_UUID } from '../../../src/galera/gtid.ts'
import { HISTORY } from './nodes.ts'

const synced = { wsrep_cluster_state_uuid: HISTORY, wsrep_last_committed: '9007199254740993', wsrep_cluster_status: 'Primary', wsrep_ready: 'ON', wsrep_connected: 'ON', wsrep_local_state: '4', wsrep_cluster_size: '3' }
const status = (more: Record<string, string> = {}) => parseNodeStatus(new Map(Object.entries({ ...synced, ...more })))

test('a synced member is read', () => {
  expect(status()).toMatchObject({ stateUuid: HISTORY, lastCommitted: 9_007_199_254_740_993n, primary: true, clusterSize: 3 })
  expect(isSynced(status())).toBe(true)
})

test.each<Record<string, string>>([{ wsrep_cluster_status: 'non-Primary' }, { wsrep_ready: 'OFF' }, { wsrep_local_state: '2' }])('%j is not Synced', (more) => {
  expect(isSynced(status(more))).toBe(false)
})

test('a server without the provider has no history and no position', () => {
  expect(parseNodeStatus(new Map())).toMatchObject({ stateUuid: NIL_UUID, lastCommitted: -1n, primary: false, connected: false })
})
