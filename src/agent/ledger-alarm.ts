import { dirname } from 'node:path'
import type { Fault } from '../errors.ts'
import type { Node } from './node.ts'

/** Writes the ledger once more as it is: whether that is possible shows before a view or an acknowledgement must be recorded. Rejects where it is not. */
export const proveLedger = ({ ledger }: Node): Promise<void> => ledger.update((present) => ({ ...present }))

/** The node serves on without a ledger; after an outage it knows an older view than it was in. */
export function ledgerAlarms({ config, ledger }: Node): readonly Fault[] {
  if (ledger.failing === null) return []
  const full = ledger.failing === 'ENOSPC' || ledger.failing === 'EDQUOT'
  return [{
    code: 'ledger-unwritable',
    message: `${config.name} cannot write its ledger ${ledger.path} (${ledger.failing}): views and acknowledgements are not recorded`,
    hint: full ? `Make room on the disk of ${dirname(ledger.path)}; nothing else is to be done.` : `Make ${dirname(ledger.path)} writable for the owner of the gear; nothing else is to be done.`,
  }]
}
