import * as z from 'zod'

/** The layout of the archive; another number is another one. */
export const FORMAT = 1

const nameSchema = z.string().min(1).max(64)
const rowsSchema = z.int().min(0)

/** head.json */
export const headSchema = z.object({
  format: z.literal(FORMAT),
  /** `@@version` of the server that was read. */
  mariadb: z.string(),
  /** Galera's position of all that is in the archive; null: the server had none. */
  position: z.object({ uuid: z.string(), seqno: z.string() }).nullable(),
  /** `@@gtid_binlog_pos` and `@@gtid_current_pos` at the same moment; '' where there is none. */
  gtidBinlogPos: z.string(),
  gtidCurrentPos: z.string(),
  characterSet: z.string(),
  collation: z.string(),
  lowerCaseTableNames: z.string(),
  /** What is to come: tables, and the engines' estimate of their bytes. */
  tables: z.int().min(0),
  bytes: z.number(),
})
export type Head = z.infer<typeof headSchema>

/** table.json of a table's folder. */
export const tableSchema = z.object({
  schema: nameSchema,
  name: nameSchema,
  /** The engine's estimate. */
  bytes: z.number(),
  /** InnoDB may load it in bulk. */
  bulk: z.boolean(),
})
export type TableRecord = z.infer<typeof tableSchema>

/** rows.json of a table's folder. */
export const endSchema = z.object({ rows: rowsSchema })

/** tables.json */
export const summarySchema = z.object({
  tables: z.array(z.object({ schema: nameSchema, name: nameSchema, rows: rowsSchema })),
  /** Tables of the server's own schema. */
  system: z.array(z.object({ schema: nameSchema, name: nameSchema, rows: rowsSchema })),
})
export type Summary = z.infer<typeof summarySchema>

/** A table with the number of its rows, those of the past among them. */
export interface CountedTable {
  readonly schema: string
  readonly name: string
  readonly rows: number
}
