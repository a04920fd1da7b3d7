import { statement, type Statement } from './statement.ts'
import type { Token } from './tokens.ts'

/** SET in all its forms; `classify` is for what SET STATEMENT … FOR introduces. Pure. */
export function classifySet(tokens: readonly Token[], classify: (tokens: readonly Token[]) => Statement): Statement {
  const words = tokens.map(({ kind, text }) => (kind === 'word' || kind === 'system-variable' ? text : ''))
  const [, second = ''] = words
  // Chains transactions, or ends the connection with COMMIT.
  if (words.some((word) => /^((SESSION|LOCAL|GLOBAL)\.)?COMPLETION_TYPE$/.test(word))) return statement('opaque', { pin: 'XA' })
  if (second === 'STATEMENT') {
    const at = words.indexOf('FOR')
    if (at < 0) return statement('opaque')
    return hidesTarget(tokens.slice(0, at)) ? statement('opaque', { pin: 'XA' }) : classify(tokens.slice(at + 1))
  }
  if (second === 'PASSWORD' || second === 'DEFAULT') return statement('ddl')
  if (hidesTarget(tokens)) return statement('opaque', { pin: 'XA' })
  const isTarget = (at: number) => at === 1 || tokens[at - 1]?.text === ','
  if (words.some((word, at) => isTarget(at) && (tokens[at]?.kind === 'word' ? word === 'GLOBAL' : word.startsWith('GLOBAL.')))) return tokens.some(({ text }) => text === ',') ? statement('opaque', { pin: 'user variable' }) : statement('write')
  if (second === 'TRANSACTION') return statement('set-transaction')
  const autocommit = words.findIndex((word) => /^((SESSION|LOCAL)\.)?AUTOCOMMIT$/.test(word))
  // The first are of the next statement, or of all that ask for the time.
  const own = words.some((word) => /^((SESSION|LOCAL)\.)?(INSERT_ID|LAST_INSERT_ID|IDENTITY|TIMESTAMP)$/.test(word)) || tokens.some(({ kind, text }) => kind === 'variable' || text === ':=')
  if (own) return statement(autocommit < 0 ? 'write' : 'opaque', { pin: 'user variable' })
  if (autocommit < 0) return statement('set')
  // Alone it is ours to do; with others nobody knows in which transaction one is.
  const value = tokens.slice(autocommit + 1).filter(({ text }) => text !== '=' && text !== ':=')
  const before = words.slice(1, autocommit).every((word) => word === 'SESSION' || word === 'LOCAL')
  const on = /^(ON|TRUE|1)$/.test(value[0]?.text ?? '')
  if (!before || value.length !== 1 || (!on && !/^(OFF|FALSE|0)$/.test(value[0]?.text ?? ''))) return statement('opaque', { pin: 'XA' })
  return statement(on ? 'autocommit-on' : 'autocommit-off')
}

/** Whether some target is in quotes, where it is not looked at, or will be put in for a placeholder (`SET ?? = ?`, `SET ?`, `SET :name = 1`): it may be any variable. */
function hidesTarget(tokens: readonly Token[]): boolean {
  let depth = 0
  for (const [at, { kind, text }] of tokens.entries()) {
    if (text === '(') depth++
    if (text === ')') depth--
    const before = tokens[at - 1]?.text ?? ''
    if (/^(=|:=)$/.test(tokens[at + 1]?.text ?? '') && (kind === 'quoted' || text === '?' || before === ':')) return true
    if (text === '?' && depth === 0 && (at === 1 || /^(SESSION|LOCAL|GLOBAL|STATEMENT|,)$/.test(before))) return true
  }
  return false
}
