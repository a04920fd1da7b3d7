import type { Table } from '../../sst/catalog.ts'

/**
 * The members of a logical archive, in the order in which they are loaded:
 *
 *   head.json                        what it is and of which moment
 *   schema/server.sql                plugins, functions of libraries, servers
 *   schema/databases.sql
 *   schema/sequences.sql
 *   schema/tables/DATABASE/TABLE.sql
 *   rows/DATABASE/TABLE/             of each table:
 *     table.json                       what it is
 *     load.sql                         the statement that loads its first file
 *     1.tsv, 2.tsv, …                  rows; one that is larger than a file is cut into 1.tsv.000001, 1.tsv.000002, …
 *     rows.json                        how many they were
 *   schema/routines.sql, views.sql, triggers.sql, events.sql, system.sql
 *   rows/mysql/…                     statistics and time zones
 *   users.sql
 *   tables.json                      the number of rows of each table
 */
export type Member =
  | { readonly kind: 'head' | 'summary' }
  | { readonly kind: 'script'; readonly name: string }
  /** The definition of one table, which needs no other. */
  | { readonly kind: 'table-script' }
  | { readonly kind: 'table' | 'statement' | 'end'; readonly folder: string }
  | { readonly kind: 'text'; readonly folder: string; readonly chunk: number; readonly part: number | null }

export const HEAD = 'head.json'
export const SUMMARY = 'tables.json'
export const USERS = 'users.sql'
export const schemaScript = (name: 'server' | 'databases' | 'sequences' | 'routines' | 'views' | 'triggers' | 'events' | 'system') => `schema/${name}.sql`
export const tableScript = (table: Pick<Table, 'database' | 'name'>) => `schema/tables/${pathOf(table)}.sql`
export const rowsFolder = (table: Pick<Table, 'database' | 'name'>) => `rows/${pathOf(table)}`
export const tableFile = (folder: string) => `${folder}/table.json`
export const loadFile = (folder: string) => `${folder}/load.sql`
export const endFile = (folder: string) => `${folder}/rows.json`

/** `part`: of a row that is larger than a file, from 1 on; null: the file is whole. */
export const textFile = (folder: string, chunk: number, part: number | null) => `${folder}/${chunk}.tsv${part === null ? '' : `.${String(part).padStart(6, '0')}`}`

const pathOf = ({ database, name }: Pick<Table, 'database' | 'name'>) => `${fileName(database)}/${fileName(name)}`

/** A name as a file's, which leads nowhere else and is none of a shell's. */
function fileName(name: string): string {
  return name.replaceAll(/[\0-\x20"$%&'()*./:;<>?[\\\]`{|}~\x7f]/g, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`)
}

const KINDS: Readonly<Record<string, 'table' | 'statement' | 'end'>> = { 'table.json': 'table', 'load.sql': 'statement', 'rows.json': 'end' }

/** null: none that this version knows. */
export function parseMember(path: string): Member | null {
  if (path === HEAD) return { kind: 'head' }
  if (path === SUMMARY) return { kind: 'summary' }
  if (path === USERS || /^schema\/[a-z]+\.sql$/.test(path)) return { kind: 'script', name: path }
  if (/^schema\/tables\/[^/]+\/[^/]+\.sql$/.test(path)) return { kind: 'table-script' }
  const match = /^(rows\/[^/]+\/[^/]+)\/(?:(table\.json|load\.sql|rows\.json)|(\d+)\.tsv(?:\.(\d+))?)$/.exec(path)
  if (match === null) return null
  const [, folder = '', file, chunk, part] = match
  const kind = file === undefined ? undefined : KINDS[file]
  return kind === undefined ? { kind: 'text', folder, chunk: Number(chunk), part: part === undefined ? null : Number(part) } : { kind, folder }
}
