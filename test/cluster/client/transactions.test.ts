import { beforeEach } from 'vitest'
import { clientPlace } from './place.ts'
import { agreement } from './transactions/agreement.ts'
import { conflicts } from './transactions/conflicts.ts'
import { cutWire } from './transactions/cut.ts'
import { lostConnections } from './transactions/lost.ts'
import { opaqueTexts } from './transactions/opaque.ts'
import { optimisticTransactions } from './transactions/optimistic.ts'
import { orderAndEnd } from './transactions/order.ts'
import { lostSessions } from './transactions/pinned.ts'
import { sessionState } from './transactions/session.ts'
import { tokens } from './transactions/tokens.ts'
import { unknownOutcomes } from './transactions/unknown.ts'

/** Transactions of the client on three real nodes, 127.0.61.x; what is cut is the wire, by a proxy or by KILL. */
const place = clientPlace(61)

beforeEach(() => {
  const table = `${place.account().database}.t`
  place.on(0, `CREATE OR REPLACE TABLE ${table} (id INT AUTO_INCREMENT PRIMARY KEY, n INT, at DATETIME(6)); INSERT INTO ${table} (id, n) VALUES (1, 0), (4, 0)`)
})

lostConnections(place)
conflicts(place)
cutWire(place)
optimisticTransactions(place)
sessionState(place)
agreement(place)
opaqueTexts(place)
lostSessions(place)
tokens(place)
unknownOutcomes(place)
orderAndEnd(place)
