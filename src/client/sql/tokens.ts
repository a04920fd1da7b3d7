/** One token of a statement, as far as classifying needs it. Comments are left out; what is in an executable comment is not. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'number' | 'variable' | 'system-variable' | 'symbol'
  /** Words and variables in upper case; numbers and symbols as they are; else empty. */
  readonly text: string
}

const SPACE = /\s/
const WORD_START = /[A-Za-z_$\u0080-\uFFFF]/
const WORD = /[A-Za-z0-9_$\u0080-\uFFFF]/

/**
 * Splits SQL of MariaDB into tokens. Null where that depends on what the server is set to (a backslash before a quote with NO_BACKSLASH_ESCAPES)
 * or it ends within a string or comment.
 */
export function tokensOf(sql: string): readonly Token[] | null {
  const tokens: Token[] = []
  let executable = 0
  for (let at = 0; at < sql.length; ) {
    const char = sql[at] as string
    if (SPACE.test(char)) at++
    else if (char === '#' || (char === '-' && sql[at + 1] === '-' && (at + 2 >= sql.length || SPACE.test(sql[at + 2] as string)))) at = endOfLine(sql, at)
    else if (char === '/' && sql[at + 1] === '*') {
      const begin = /^\/\*M?!\d*/.exec(sql.slice(at, at + 12))?.[0]
      if (begin !== undefined) {
        executable++
        at += begin.length
        continue
      }
      const end = sql.indexOf('*/', at + 2)
      if (end < 0) return null
      at = end + 2
    } else if (char === '*' && sql[at + 1] === '/' && executable > 0) {
      executable--
      at += 2
    } else if (char === "'" || char === '"' || char === '`') {
      const end = endOfQuoted(sql, at)
      if (end === null) return null
      tokens.push({ kind: char === "'" ? 'string' : 'quoted', text: '' })
      at = end
    } else if (char === '@') {
      const system = sql[at + 1] === '@'
      const [end, name] = variableName(sql, at + (system ? 2 : 1))
      if (end === null) return null
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
  return executable === 0 ? tokens : null
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

/** A quote is doubled within; a backslash escapes, but not for every sql_mode. */
function endOfQuoted(sql: string, at: number): number | null {
  const quote = sql[at] as string
  for (let end = at + 1; end < sql.length; end++) {
    if (sql[end] === '\\' && quote !== '`') {
      if (sql[end + 1] === quote) return null
      end++
    } else if (sql[end] === quote) {
      if (sql[end + 1] !== quote) return end + 1
      end++
    }
  }
  return null
}

function variableName(sql: string, at: number): readonly [number | null, string] {
  const char = sql[at] ?? ''
  if (char === "'" || char === '"' || char === '`') return [endOfQuoted(sql, at), '']
  let end = at
  while (end < sql.length && (WORD.test(sql[end] as string) || sql[end] === '.')) end++
  return [end, sql.slice(at, end).toUpperCase()]
}
