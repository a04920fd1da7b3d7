import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, test, vi } from 'vitest'
import { print, printJson, tellPeople, visible, visibleName } from '../../../src/system/screen.ts'

test.each([
  ['\u001b[2Jx', '\\u{1b}[2Jx'],
  ['\u009b2J', '\\u{9b}2J'],
  ['a\rb\bc\u007f', 'a\\u{d}b\\u{8}c\\u{7f}'],
  ['n1\u202e1n', 'n1\\u{202e}1n'],
  ['n\u200b1\u2060\ufeff', 'n\\u{200b}1\\u{2060}\\u{feff}'],
  ['a\u2028b\u3164', 'a\\u{2028}b\\u{3164}'],
  ['two\nlines\tand a tabulator', 'two\nlines\tand a tabulator'],
  ['Zürich → 東京 😀 │', 'Zürich → 東京 😀 │'],
])('%j is shown as %j', (text, shown) => {
  expect(visible(text)).toBe(shown)
})

test('a name begins no line', () => {
  expect(visibleName('x\nCluster test: OK\t')).toBe('x\\u{a}Cluster test: OK\\u{9}')
})

test('people get what can be seen, programs get names as they are', () => {
  const written: unknown[] = []
  for (const stream of [process.stdout, process.stderr] as Writable[]) vi.spyOn(stream, 'write').mockImplementation((text: unknown) => written.push(text) > 0)
  print('\u001b')
  tellPeople('\u001b')
  printJson('"\u0085"')
  vi.restoreAllMocks()
  expect(written).toEqual(['\\u{1b}\n', '\\u{1b}\n', '"\u0085"\n'])
})

test('there is one door', () => {
  const src = join(import.meta.dirname, '../../../src')
  const others = globSync('**/*.ts', { cwd: src }).filter((file) => file !== 'system/screen.ts' && /process\.std(out|err)\.write|console\./.test(readFileSync(join(src, file), 'utf8')))
  expect(others).toEqual([])
})
