import { OutsideError } from '../../errors.ts'
import { SqlError } from '../../sst/answer.ts'
import type { Progress } from '../../sst/progress.ts'
import type { Wire } from '../../sst/wire.ts'
import type { LoadSessions } from './load-sessions.ts'
import { type Member, parseMember, USERS, schemaScript } from './members.ts'
import { readHead, readRecord } from './read-record.ts'
import { type CountedTable, endSchema, type Head, type Summary, summarySchema, type TableRecord, tableSchema } from './records.ts'
import { parseScript } from './script.ts'
import { TableLoad } from './table-load.ts'
import { type ArchiveMember, damaged } from './tar-reader.ts'

/** Statements of these may fail without harm to data: the new server may lack a library, and a grant may be of what has long been dropped. */
const TOLERATED: Readonly<Record<string, (error: SqlError) => boolean>> = {
  [schemaScript('server')]: () => true,
  // ER_NO_SUCH_TABLE, ER_NONEXISTING_TABLE_GRANT, ER_SP_DOES_NOT_EXIST, ER_PLUGIN_IS_NOT_LOADED, ER_PASSWORD_NO_MATCH
  [USERS]: ({ errno }) => [1146, 1147, 1305, 1524, 1133].includes(errno),
}

/** Takes the members of an archive one after the other, in their order. */
export class ArchiveLoader {
  readonly #first: Wire
  readonly #sessions: LoadSessions
  readonly #lanes: number
  readonly #progress: Progress
  readonly #notes: string[] = []
  readonly #tables = new Map<string, { readonly record: TableRecord; load: TableLoad | null }>()
  #head: Head | null = null
  #summary: Summary | null = null
  /** Members of one group may be loaded at the same time. */
  #group = ''
  /** A file of rows that goes on in the next member. */
  #open: { readonly load: TableLoad; readonly folder: string; readonly chunk: number } | null = null

  constructor(first: Wire, sessions: LoadSessions, lanes: number, progress: Progress) {
    this.#first = first
    this.#sessions = sessions
    this.#lanes = lanes
    this.#progress = progress
  }

  async take(file: ArchiveMember): Promise<void> {
    this.#sessions.throwIfFailed()
    const member = parseMember(file.name)
    if (member === null) throw damaged(`nothing is known of ${file.name}`)
    if (this.#head === null && member.kind !== 'head') throw damaged(`it begins with ${file.name}`)
    this.#endOpen(member)
    await this.#enter(file.name, member)
    await this.#load(file, member)
  }

  /** Behind the last member. */
  async end(): Promise<{ readonly head: Head; readonly tables: readonly CountedTable[]; readonly notes: readonly string[] }> {
    await this.#sessions.rest()
    if (this.#head === null || this.#summary === null) throw damaged('it ends before tables.json')
    requireAll(this.#summary, [...this.#tables.values()].map(({ record, load }) => load?.counted ?? { ...record, rows: -1 }))
    const warnings = [...this.#tables.values()].flatMap(({ load }) => load?.warnings ?? [])
    return { head: this.#head, tables: this.#summary.tables, notes: [...this.#notes, ...warnings] }
  }

  async #load(file: ArchiveMember, member: Member): Promise<void> {
    switch (member.kind) {
      case 'head':
        this.#head = readHead(await file.whole())
        return this.#progress.expect(this.#head)
      case 'script': return this.#runScript(this.#first, file, await file.whole())
      case 'table-script': {
        const [script, wire] = [await file.whole(), await this.#sessions.take()]
        return this.#sessions.run(this.#makeTable(wire, file, script))
      }
      case 'table': return void this.#tables.set(member.folder, { record: readRecord(tableSchema, file, await file.whole()), load: null })
      case 'statement': {
        const table = this.#table(file, member)
        const statement = parseScript(await file.whole())?.at(-1)
        if (statement === undefined) throw damaged(`${file.name} is no script`)
        table.load = new TableLoad(this.#sessions, table.record, statement, this.#lanes)
        return undefined
      }
      case 'text': return this.#takeText(file, member)
      case 'end': {
        const { record } = this.#table(file, member)
        this.#loadOf(file, member).end(readRecord(endSchema, file, await file.whole()).rows)
        return this.#progress.finished({ bytes: record.bytes })
      }
      case 'summary':
        this.#summary = readRecord(summarySchema, file, await file.whole())
        return undefined
      default: throw member satisfies never
    }
  }

  async #makeTable(wire: Wire, file: ArchiveMember, script: Buffer): Promise<void> {
    await this.#runScript(wire, file, script)
    this.#notes.push(...placeNotes(file.name, script.toString('latin1')))
    this.#progress.made()
    this.#sessions.give(wire)
  }

  async #takeText(file: ArchiveMember, { folder, chunk, part }: Member & { kind: 'text' }): Promise<void> {
    const load = this.#loadOf(file, { folder })
    for await (const text of file.parts()) {
      this.#progress.moved(text.length)
      await load.take(text)
    }
    if (part === null) load.endFile()
    else this.#open = { load, folder, chunk }
  }

  #endOpen(next: Member): void {
    if (this.#open === null || (next.kind === 'text' && next.folder === this.#open.folder && next.chunk === this.#open.chunk)) return
    this.#open.load.endFile()
    this.#open = null
  }

  /** What is of another group waits until all before it is done. */
  async #enter(name: string, { kind }: Member): Promise<void> {
    const group = kind === 'table-script' ? 'definitions' : ['table', 'statement', 'text', 'end'].includes(kind) ? 'rows' : name
    if (group === this.#group) return
    await this.#sessions.rest()
    this.#group = group
    this.#progress.stage(group)
  }

  async #runScript(wire: Wire, { name }: ArchiveMember, script: Buffer): Promise<void> {
    const statements = parseScript(script)
    if (statements === null) throw damaged(`${name} is no script`)
    for (const statement of statements) {
      await wire.execute(statement).catch((error: Error) => {
        if (!(error instanceof SqlError) || TOLERATED[name]?.(error) !== true) throw new OutsideError('load-failed', `${name}: ${error.message}`, 'Look at the statement in that member of the archive, and at the log of the server.', { cause: error })
        this.#notes.push(`${name}: ${error.message}`)
      })
    }
  }

  #table({ name }: ArchiveMember, { folder }: { readonly folder: string }): { readonly record: TableRecord; load: TableLoad | null } {
    const table = this.#tables.get(folder)
    if (table === undefined) throw damaged(`${name} comes before the table's own record`)
    return table
  }

  #loadOf(file: ArchiveMember, member: { readonly folder: string }): TableLoad {
    const { load } = this.#table(file, member)
    if (load === null) throw damaged(`${file.name} comes before the statement that loads it`)
    return load
  }
}

/** @throws OutsideError `archive-damaged` */
function requireAll({ tables, system }: Summary, loaded: readonly CountedTable[]): void {
  const key = ({ schema, name, rows }: CountedTable) => `${schema}.${name}: ${rows} rows`
  const missing = [...new Set([...tables, ...system].map(key)).symmetricDifference(new Set(loaded.map(key)))]
  if (missing.length > 0) throw damaged(`tables.json and the rows of the archive tell different things of ${missing.slice(0, 3).join(', ')}`)
}

/** A new datadir has all its tables in it. */
function placeNotes(name: string, script: string): readonly string[] {
  const places = [...new Set([...script.matchAll(/ (?:DATA|INDEX) DIRECTORY\s*=\s*'([^']*)'/g)].map(([, place]) => place))]
  return places.length === 0 ? [] : [`${name}: the table was in ${places.join(', ')} (DATA DIRECTORY) and is in the datadir now`]
}
