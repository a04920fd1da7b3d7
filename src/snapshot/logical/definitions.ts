import type { Table } from '../../sst/catalog.ts'
import { tableName } from '../../sst/copy-rows.ts'
import { databaseStatements, eventStatements, routineStatements, sequenceStatements, standInStatements, tableStatements, triggerStatements, viewStatements } from '../../sst/definitions.ts'
import type { Inventory } from '../../sst/inventory.ts'
import { inLanes } from '../../sst/lanes.ts'
import type { Statement, Wire } from '../../sst/wire.ts'
import { schemaScript, tableScript, USERS } from './members.ts'
import { formatScript } from './script.ts'
import { serverStatements, type SystemRows } from './server-objects.ts'
import type { TarWriter } from './tar-writer.ts'
import { userStatements } from './users.ts'

/** A script that is written behind the rows. */
export interface LaterScript {
  readonly name: string
  readonly text: Buffer
}

/** What must be there before the rows. `made` is called for each table. */
export async function writeDefinitions(tar: TarWriter, readers: readonly [Wire, ...Wire[]], databases: readonly string[], { sequences, based }: Inventory, made: () => void): Promise<void> {
  const [reader] = readers
  await tar.add(schemaScript('server'), formatScript(await serverStatements(reader)))
  await tar.add(schemaScript('databases'), formatScript(await ofEach(databases, (database) => databaseStatements(reader, database))))
  await tar.add(schemaScript('sequences'), formatScript(await ofEach(sequences, (sequence) => sequenceStatements(reader, sequence))))
  await inLanes(readers, based, async (reader, table) => {
    await tar.add(tableScript(table), formatScript(await tableStatements(reader, table)))
    made()
  })
}

/** Scripts by when they are run. */
export interface LaterScripts {
  readonly behindRows: readonly LaterScript[]
  /** Events name time zones. */
  readonly behindSystemRows: readonly LaterScript[]
  /** Views that the server itself can't use any more: they are left out. */
  readonly broken: readonly Table[]
}

/** What is made when the rows are there, read now: it is to be of the same time as the rows, which take long. */
export async function readLaterScripts(reader: Wire, databases: readonly string[], { views }: Inventory, system: readonly SystemRows[]): Promise<LaterScripts> {
  const standIns: Statement[] = []
  const broken: Table[] = []
  for (const database of databases) {
    const found = await standInStatements(reader, database, views.filter((view) => view.database === database))
    standIns.push(...found.statements)
    broken.push(...found.broken)
  }
  const script = (name: string, statements: readonly Statement[]): LaterScript => ({ name, text: formatScript(statements) })
  const usable = (database: string) => views.filter((view) => view.database === database && !broken.includes(view))
  return {
    behindRows: [
      script(schemaScript('routines'), await ofEach(databases, (database) => routineStatements(reader, database))),
      script(schemaScript('views'), [...standIns, ...(await ofEach(databases, (database) => viewStatements(reader, database, usable(database))))]),
      script(schemaScript('triggers'), await ofEach(databases, (database) => triggerStatements(reader, database))),
      script(schemaScript('system'), system.map(({ table, where }) => `DELETE FROM ${tableName(table)}${where}`)),
    ],
    behindSystemRows: [
      script(schemaScript('events'), await ofEach(databases, (database) => eventStatements(reader, database))),
      script(USERS, await userStatements(reader)),
    ],
    broken,
  }
}

async function ofEach<Item>(items: readonly Item[], read: (item: Item) => Promise<readonly Statement[]>): Promise<readonly Statement[]> {
  const statements: Statement[] = []
  for (const item of items) statements.push(...(await read(item)))
  return statements
}
