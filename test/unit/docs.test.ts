import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { generatedPages } from '../../scripts/docs-pages.ts'
import { newCounters } from '../../src/client/counters.ts'
import * as errors from '../../src/client/errors.ts'
import { resolveOptions } from '../../src/client/options.ts'
import { METRICS } from '../../src/agent/metrics.ts'
import { COMMANDS } from '../../src/commands/table.ts'
import { NON_PRIMARY_RULES, RULES } from '../../src/galera/rules/decide.ts'
import { OWNED } from '../../src/mariadb/owned-options.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const pages = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]

test.each(Object.entries(generatedPages()))('docs/%s says what the code says (npm run docs)', (name, text) => {
  expect(read(`docs/${name}`)).toBe(text)
})

test('what each rule that can make a node wait or stop means is told in troubleshooting', () => {
  const goOn = new Set(['join-primary', 'rejoin-anew', 're-form', 'repair-in-place'])
  const page = read('docs/troubleshooting.md')
  expect([...RULES, ...NON_PRIMARY_RULES].map((rule) => rule.name).filter((name) => !goOn.has(name) && !page.includes(name))).toEqual([])
})

test.each(pages)('%s links to files that are there', (page) => {
  const links = [...read(page).matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '')
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([])
})

test.each(pages)('%s shows only commands that there are', (page) => {
  const code = [...read(page).matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].map((match) => match[0]).join('\n')
  const names = [...code.matchAll(/galeractl (?:--gear \S+ )?([a-z][a-z-]*)/g)].map((match) => match[1])
  expect(names.filter((name) => !COMMANDS.some((command) => command.name.split(' ')[0] === name))).toEqual([])
})

test('every option that galeractl must own is in docs/own-settings.md', () => {
  const page = read('docs/own-settings.md')
  expect(OWNED.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('every metric is in the list of docs/events.md', () => {
  const page = read('docs/events.md')
  expect(METRICS.filter(({ name, type, help }) => !new RegExp(`\`${name}\`.* \\| ${type} \\| `).test(page) || !page.includes(help.replace(/\.$/, ''))).map(({ name }) => name)).toEqual([])
})

test("docs/client.md has the client's options with their defaults, its counters and its errors", () => {
  const page = read('docs/client.md')
  const rows = (/## Options([\s\S]*?)\n## /.exec(page)?.[1] ?? '').matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \|/gm)
  const listed = [...rows].flatMap(([, names = '', values = '']) => names.split(', ').map((name, at) => [name.slice(1, -1), valueOf(values.split(', ')[at] ?? '')] as const))
  const { settings, tokenTable, discover, probeInterval, probeTimeout } = resolveOptions({ nodes: ['a'] })
  expect(Object.fromEntries(listed.filter(([name]) => name !== 'nodes' && name !== 'agents'))).toEqual({ ...settings, tokenTable: tokenTable.replaceAll('`', ''), discover, probeInterval, probeTimeout })
  const named = [...Object.keys(newCounters()), ...Object.keys(errors).filter((name) => name.endsWith('Error') && name !== 'GaleraClientError')]
  expect(named.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

/** Of `true`, `'text'`, `text`, 1000 ms, 500, 16 MiB. */
function valueOf(text: string): unknown {
  const number = /^(\d+)( MiB)?( ms)?$/.exec(text)
  if (number !== null) return Number(number[1]) * (number[2] === undefined ? 1 : 1024 * 1024)
  const bare = text.replaceAll(/[`']/g, '')
  return bare === 'true' || bare === 'false' ? bare === 'true' : bare
}
