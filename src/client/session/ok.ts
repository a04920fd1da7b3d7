import type { Answer } from '../nodes/link.ts'

/** What COMMIT and its like answer, where no server was asked. */
export const ok = (): Answer => ({ rows: { fieldCount: 0, affectedRows: 0, insertId: 0, info: '', serverStatus: 2, warningStatus: 0, changedRows: 0 }, fields: undefined })
