/** One token of a statement, as far as classifying needs it. Comments are left out; what is in an executable comment is not. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'variable' | 'system-variable' | 'symbol'
  /** Words and variables in upper case; numbers and symbols as they are; else empty. */
  readonly text: string
}

const SPACE = /\s/
const WORD_START = /[A-Za-z_$\u0080-\uFFFF]/
const WORD = /[A-Za-z0-9_$\u0080-\uFFFF]/

/** What a server reads in a text with one sql_mode. */
interface Reading {
  readonly tokens: readonly Token[]
  readonly end: 'whole' | 'in quotes' | 'in a comment'
  /** Some versions of the server run what others skip. */
  readonly executable: boolean
}

/** In which quotes a backslash escapes: by default, with ANSI_QUOTES, with NO_BACKSLASH_ESCAPES. */
const MODES = [`'"`, "'", ''] as const

/**
 * Splits SQL of MariaDB into tokens. Null where it ends within a string or comment, or where that depends on sql_mode: `'a\'; DROP TABLE x; -- '` is
 * one string, or several statements. A mode in which the server refuses the whole text does not count, for then it has no effect: a string
 * without an end, and a backslash before a quote that opens one, are syntax errors (MY_LEX_STRING and MY_LEX_ESCAPE in MariaDB's sql_lex.cc). That
 * is sure only with no `;` before them, since what is before it is run before the rest is read, and without executable comments, which are read or
 * skipped.
 */
export function tokensOf(sql: string): readonly Token[] | null {
  const [usual, ...others] = (sql.includes('\\') ? MODES : MODES.slice(0, 1)).map((escaping) => readingOf(sql, escaping)) as [Reading, ...Reading[]]
  return usual.end === 'whole' && others.every((other) => isSame(usual, other) || isRefused(other)) ? usual.tokens : null
}

function isSame({ tokens }: Reading, other: Reading): boolean {
  if (other.end !== 'whole' || other.tokens.length !== tokens.length) return false
  return tokens.every(({ kind, text }, at) => other.tokens[at]?.kind === kind && other.tokens[at]?.text === text)
}

/** Surely, and as a whole. */
function isRefused({ tokens, end, executable }: Reading): boolean {
  const stray = tokens.findIndex(({ text }, at) => text === '\\' && /^(string|quoted)$/.test(tokens[at + 1]?.kind ?? ''))
  if (executable || (stray < 0 && end !== 'in quotes')) return false
  return !tokens.slice(0, stray < 0 ? undefined : stray).some(({ text }) => text === ';')
}

function readingOf(sql: string, escaping: string): Reading {
  const tokens: Token[] = []
  let executable = 0
  let hasExecutable = false
  const reading = (end: Reading['end']): Reading => ({ tokens, end, executable: hasExecutable })
  for (let at = 0; at < sql.length; ) {
    const char = sql[at] as string
    if (SPACE.test(char)) at++
    else if (char === '#' || (char === '-' && sql[at + 1] === '-' && (at + 2 >= sql.length || SPACE.test(sql[at + 2] as string)))) at = endOfLine(sql, at)
    else if (char === '/' && sql[at + 1] === '*') {
      const begin = /^\/\*M?!\d*/.exec(sql.slice(at, at + 12))?.[0]
      if (begin !== undefined) {
        executable++
        hasExecutable = true
        at += begin.length
        continue
      }
      const end = sql.indexOf('*/', at + 2)
      if (end < 0) return reading('in a comment')
      at = end + 2
    } else if (char === '*' && sql[at + 1] === '/' && executable > 0) {
      executable--
      at += 2
    } else if (char === "'" || char === '"' || char === '`') {
      // Who skips the comment finds its end elsewhere.
      if (executable > 0) return reading('in a comment')
      const end = endOfQuoted(sql, at, escaping)
      if (end === null) return reading('in quotes')
      tokens.push({ kind: char === "'" ? 'string' : 'quoted', text: '' })
      at = end
    } else if (char === '@') {
      const system = sql[at + 1] === '@'
      const [end, name] = variableName(sql, at + (system ? 2 : 1), escaping)
      if (end === null) return reading('in quotes')
      tokens.push({ kind: system ? 'system-variable' : 'variable', text: name })
      at = end
    } else if (WORD_START.test(char)) {
      const end = endOfWord(sql, at)
      tokens.push({ kind: 'word', text: sql.slice(at, end).toUpperCase() })
      at = end
    } else if (char >= '0' && char <= '9') {
      const end = endOfWord(sql, at)
      tokens.push({ kind: 'number', text: sql.slice(at, end) })
      at = end
    } else {
      const symbol = char === ':' && sql[at + 1] === '=' ? ':=' : char
      tokens.push({ kind: 'symbol', text: symbol })
      at += symbol.length
    }
  }
  return reading(executable === 0 ? 'whole' : 'in a comment')
}

function endOfLine(sql: string, at: number): number {
  const end = sql.indexOf('\n', at)
  return end < 0 ? sql.length : end + 1
}

function endOfWord(sql: string, at: number): number {
  let end = at + 1
  while (end < sql.length && WORD.test(sql[end] as string)) end++
  return end
}

/** A quote is doubled within; in those of `escaping` a backslash escapes. */
function endOfQuoted(sql: string, at: number, escaping: string): number | null {
  const quote = sql[at] as string
  for (let end = at + 1; end < sql.length; end++) {
    if (sql[end] === '\\' && escaping.includes(quote)) end++
    else if (sql[end] === quote) {
      if (sql[end + 1] !== quote) return end + 1
      end++
    }
  }
  return null
}

function variableName(sql: string, at: number, escaping: string): readonly [number | null, string] {
  const char = sql[at] ?? ''
  if (char === "'" || char === '"' || char === '`') return [endOfQuoted(sql, at, escaping), '']
  let end = at
  while (end < sql.length && (WORD.test(sql[end] as string) || sql[end] === '.')) end++
  return [end, sql.slice(at, end).toUpperCase()]
}
