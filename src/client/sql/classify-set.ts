import { statement, type Statement } from './statement.ts'
import type { Token } from './tokens.ts'

/** SET in all its forms; `classify` is for what SET STATEMENT … FOR introduces. Pure. */
export function classifySet(tokens: readonly Token[], classify: (tokens: readonly Token[]) => Statement): Statement {
  const words = tokens.map(({ kind, text }) => (kind === 'word' || kind === 'system-variable' ? text : ''))
  const [, second = ''] = words
  if (second === 'STATEMENT') {
    const at = words.indexOf('FOR')
    return at < 0 ? statement('opaque') : classify(tokens.slice(at + 1))
  }
  if (second === 'PASSWORD' || second === 'DEFAULT') return statement('ddl')
  if (words.some((word, at) => word === 'GLOBAL' || (tokens[at]?.kind === 'system-variable' && word.startsWith('GLOBAL.')))) return statement(tokens.some(({ text }) => text === ',') ? 'opaque' : 'write')
  // Of the next statement, or of all that ask for the time.
  if (words.some((word) => /^((SESSION|LOCAL)\.)?(INSERT_ID|LAST_INSERT_ID|IDENTITY|TIMESTAMP)$/.test(word))) return statement('opaque', { pin: 'user variable' })
  if (second === 'TRANSACTION') return statement('set-transaction')
  if (tokens.some(({ kind, text }) => kind === 'variable' || text === ':=')) return statement('opaque', { pin: 'user variable' })
  const autocommit = words.findIndex((word) => /^((SESSION|LOCAL)\.)?AUTOCOMMIT$/.test(word))
  if (autocommit < 0) return statement('set')
  // Alone it is ours to do; with others nobody knows in which transaction one is.
  const value = tokens.slice(autocommit + 1).filter(({ text }) => text !== '=' && text !== ':=')
  const before = words.slice(1, autocommit).every((word) => word === 'SESSION' || word === 'LOCAL')
  if (!before || value.length !== 1) return statement('opaque', { pin: 'XA' })
  return statement(/^(ON|TRUE|DEFAULT|1)$/.test(value[0]?.text ?? '') ? 'autocommit-on' : 'autocommit-off')
}
