import { classifySet } from './classify-set.ts'
import { NOT_CALLED, PURE_FUNCTIONS, TIME_FUNCTIONS } from './pure-functions.ts'
import { type Kind, type Statement, statement } from './statement.ts'
import { type Token, tokensOf } from './tokens.ts'

const MODIFIES = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE'])
const DDL = new Set(['ALTER', 'CACHE', 'CHANGE', 'CHECK', 'GRANT', 'INSTALL', 'OPTIMIZE', 'RENAME', 'REPAIR', 'RESET', 'REVOKE', 'TRUNCATE', 'UNINSTALL'])
const LOCKS = new Set(['GET_LOCK', 'RELEASE_LOCK', 'RELEASE_ALL_LOCKS', 'IS_FREE_LOCK', 'IS_USED_LOCK'])
/** Their value is of the connection, or of the statement before. */
const OF_CONNECTION = new Set(['CONNECTION_ID', 'DATABASE', 'SCHEMA', 'USER', 'CURRENT_USER', 'SESSION_USER', 'SYSTEM_USER', 'CURRENT_ROLE', 'FOUND_ROWS', 'ROW_COUNT', 'LAST_INSERT_ID', 'LASTVAL', 'WSREP_LAST_WRITTEN_GTID', 'WSREP_LAST_SEEN_GTID'])
const OF_BEFORE = /^(FOUND_ROWS|ROW_COUNT|LASTVAL|WSREP_LAST_WRITTEN_GTID|((SESSION|LOCAL)\.)?(WARNING_COUNT|ERROR_COUNT|LAST_GTID))$/
/** Among several statements nobody gives them to another connection. */
const OF_SESSION: ReadonlySet<Kind> = new Set(['set', 'set-transaction', 'autocommit-on', 'autocommit-off'])
const HAS_BODY = new Set(['PROCEDURE', 'FUNCTION', 'TRIGGER', 'EVENT', 'PACKAGE'])
const OF_LAST = /^(SESSION\.|LOCAL\.)?(LAST_INSERT_ID|IDENTITY|WARNING_COUNT|ERROR_COUNT|PSEUDO_THREAD_ID|LAST_GTID)$/

/** Where in doubt, it is a write. Pure; see classified for a memory of it. */
export function classify(sql: string): Statement {
  const tokens = tokensOf(sql)
  if (tokens === null) return statement('opaque')
  const end = tokens.findIndex(({ text }) => text === ';')
  if (end >= 0 && end < tokens.length - 1 && tokens.slice(end).some(({ text }) => text !== ';')) return withIds(tokens, statement('opaque', { pin: leftBySeveral(tokens) }))
  const found = withIds(tokens, classifyTokens(end < 0 ? tokens : tokens.slice(0, end)))
  // Without what is in an executable comment it may be something else.
  return found.kind === 'read' && /\/\*M?!/.test(sql) ? { ...found, kind: 'write' } : found
}

/** What it has to do with LAST_INSERT_ID(). Of several statements an INSERT gives what those after it ask for. */
function withIds(tokens: readonly Token[], found: Statement): Statement {
  const isCall = (at: number) => tokens[at]?.text === 'LAST_INSERT_ID' && tokens[at]?.kind === 'word' && tokens[at + 1]?.text === '('
  const gives = tokens.findIndex(({ kind, text }, at) => (isCall(at) && tokens[at + 2]?.text !== ')') || (found.kind === 'opaque' && kind === 'word' && (text === 'INSERT' || text === 'REPLACE') && tokens[at + 1]?.text !== '('))
  const asks = tokens.findIndex(({ kind, text }, at) => (isCall(at) && tokens[at + 2]?.text === ')') || (kind === 'system-variable' && /LAST_INSERT_ID|IDENTITY/.test(text)))
  if (gives < 0 && asks < 0 && !found.inserts) return found
  return { ...found, givesId: found.inserts || gives >= 0, lastId: asks >= 0 && (found.kind !== 'opaque' || gives < 0 || asks < gives) }
}

function classifyTokens(tokens: readonly Token[]): Statement {
  const words = tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text)
  const first = tokens.find(({ text }) => text !== '(')?.text ?? ''
  const [, second = ''] = words
  const variable = tokens.some(({ kind, text }) => kind === 'variable' || text === ':=') ? ('user variable' as const) : null
  switch (first) {
    case 'SELECT':
    case 'WITH':
    case 'VALUES':
    case 'DESC':
    case 'DESCRIBE':
    case 'EXPLAIN':
    case 'HELP':
      return query(tokens, variable)
    case 'SHOW':
      if (variable !== null || tokens.some((_, at) => mayCall(tokens, at))) return statement('write', { pin: words.some((word) => LOCKS.has(word)) ? 'lock' : variable })
      if (/^(WARNINGS|ERRORS|PROFILE|PROFILES|COUNT)$/.test(second)) return statement('last', { ofBefore: true })
      return statement(second === 'SESSION' || second === 'LOCAL' ? 'last' : 'read')
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'REPLACE':
      return statement('write', { pin: words.some((word) => LOCKS.has(word)) ? 'lock' : variable, inserts: first === 'INSERT' || first === 'REPLACE', time: words.includes('RETURNING') })
    case 'BEGIN':
      return second === '' || second === 'WORK' ? statement('begin', { begin: { readOnly: false, snapshot: false } }) : statement('opaque', { pin: variable })
    case 'START':
      return second === 'TRANSACTION' ? statement('begin', { begin: { readOnly: words.includes('ONLY'), snapshot: words.includes('SNAPSHOT') } }) : statement('ddl')
    case 'COMMIT':
      return words.includes('CHAIN') && !words.includes('NO') ? statement('opaque') : statement('commit')
    case 'ROLLBACK':
      if (words.includes('TO')) return statement('savepoint')
      return words.includes('CHAIN') && !words.includes('NO') ? statement('opaque') : statement('rollback')
    case 'SAVEPOINT':
      return statement('savepoint')
    case 'RELEASE':
      return statement('savepoint')
    case 'SET':
      return classifySet(tokens, classifyTokens)
    case 'USE':
      return statement('set')
    case 'LOCK':
      return statement('ddl', { pin: 'lock' })
    case 'UNLOCK':
      return statement('write')
    case 'ANALYZE':
      return statement(words.includes('TABLE') || words.includes('TABLES') ? 'ddl' : 'write', { pin: variable })
    case 'FLUSH':
      return statement('ddl', { pin: words.includes('LOCK') || words.includes('EXPORT') ? 'lock' : null })
    case 'CREATE':
    case 'DROP':
      if (second === 'PREPARE') return statement('write', { pin: 'prepared statement' })
      return second === 'TEMPORARY' || (second === 'OR' && words[3] === 'TEMPORARY') ? statement('write', { pin: 'temporary table' }) : statement('ddl', { pin: variable })
    case 'HANDLER':
      return statement('write', { pin: 'lock' })
    case 'PREPARE':
    case 'DEALLOCATE':
      return statement('write', { pin: 'prepared statement' })
    case 'XA':
      return statement('opaque', { pin: 'XA' })
    case 'DO':
      return statement('write', { pin: words.some((word) => LOCKS.has(word)) ? 'lock' : variable })
    case 'KILL':
      return statement('kill')
    default:
      return statement(DDL.has(first) ? 'ddl' : 'opaque', { pin: variable })
  }
}

/** Whether something of it is only of its connection, and the next statement is to find it there. */
function leftBySeveral(tokens: readonly Token[]): Statement['pin'] {
  const ends = [...tokens.flatMap(({ text }, at) => (text === ';' ? [at] : [])), tokens.length]
  const parts = ends.map((end, at) => tokens.slice((ends[at - 1] ?? -1) + 1, end)).filter((part) => part.length > 0)
  // From there on it is what will be run later.
  const body = parts.findIndex((part) => part[0]?.text === 'CREATE' && part.some(({ kind, text }) => kind === 'word' && HAS_BODY.has(text)))
  const pins = parts.slice(0, body < 0 ? undefined : body).map((part) => classifyTokens(part)).map(({ kind, pin }) => pin ?? (OF_SESSION.has(kind) ? 'settings' : null))
  return pins.includes('lock') ? 'lock' : (pins.find((pin) => pin !== null) ?? null)
}

/** SELECT and its like: a read unless something in it says otherwise. */
function query(tokens: readonly Token[], variable: Statement['pin']): Statement {
  let kind: Kind = 'read'
  let pin = variable
  let time = false
  if (variable !== null) kind = 'write'
  for (const [at, { kind: type, text }] of tokens.entries()) {
    const next = tokens[at + 1]?.text ?? ''
    if (type === 'symbol' && text === ':=') kind = 'write'
    if (type === 'system-variable' && OF_LAST.test(text) && kind === 'read') kind = 'last'
    if (mayCall(tokens, at)) kind = 'write'
    if (type !== 'word') continue
    if (TIME_FUNCTIONS.has(text)) time = true
    if (LOCKS.has(text)) [kind, pin] = ['write', 'lock']
    if (text === 'INTO' || text === 'PROCEDURE' || text === 'LOCK' || (text === 'FOR' && next === 'UPDATE')) kind = 'write'
    if ((text === 'NEXT' || text === 'PREVIOUS') && next === 'VALUE') kind = 'write'
    // sql_mode=ORACLE
    if ((text === 'NEXTVAL' || text === 'CURRVAL') && tokens[at - 1]?.text === '.') kind = 'write'
    if (MODIFIES.has(text) && next !== '(' && tokens[0]?.text !== 'EXPLAIN' && tokens[0]?.text !== 'DESC' && tokens[0]?.text !== 'DESCRIBE') kind = 'write'
    if (OF_CONNECTION.has(text) && tokens[at - 1]?.text !== '.' && (next === '(' || text === 'CURRENT_USER' || text === 'CURRENT_ROLE') && kind === 'read') kind = text === 'LAST_INSERT_ID' && tokens[at + 2]?.text !== ')' ? 'write' : 'last'
  }
  return statement(kind, { pin, time, ofBefore: kind === 'last' && tokens.some(({ kind: type, text }) => (type === 'word' || type === 'system-variable') && OF_BEFORE.test(text)) })
}

/** A function that may be a stored one; also where its name is still to be put in (`?(`, `:name (`). */
function mayCall(tokens: readonly Token[], at: number): boolean {
  const { kind, text } = tokens[at] as Token
  if (tokens[at + 1]?.text !== '(') return false
  const before = tokens[at - 1]?.text
  if (text === '?' || before === ':') return true
  if (kind === 'quoted') return !isColumnList(tokens, at)
  // A name may begin with a digit.
  if (kind === 'number') return true
  if (kind !== 'word') return false
  return before === '.' || (!OF_CONNECTION.has(text) && !PURE_FUNCTIONS.has(text) && !NOT_CALLED.has(text) && !isColumnList(tokens, at))
}

/** `WITH name (columns) AS (` */
function isColumnList(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text ?? ''
  if (before !== 'WITH' && before !== 'RECURSIVE' && before !== ',') return false
  const close = tokens.findIndex(({ text }, index) => index > at && text === ')')
  return close > 0 && tokens[close + 1]?.text === 'AS' && tokens[close + 2]?.text === '(' && tokens[close + 3]?.text !== ')'
}
