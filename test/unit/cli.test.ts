import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { buildProgram, main } from '../../src/cli.ts'
import { COMMANDS } from '../../src/commands/table.ts'

let printed = ''
beforeEach(() => {
  printed = ''
  const write = (text: string | Uint8Array) => {
    printed += String(text)
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(write)
  vi.spyOn(process.stderr, 'write').mockImplementation(write)
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
})

test('--help lists what people call, and nothing that only mariadbd does', () => {
  const help = buildProgram(async () => undefined).helpInformation()
  for (const { name, hidden } of COMMANDS) expect(help.includes(`  ${name.split(' ')[0]} `), name).toBe(hidden !== true)
})

test.each([[['strat'], 'Did you mean start?'], [['snapshot', 'lits'], 'Did you mean list?'], [['start', '--timeuot', '1'], 'Did you mean --timeout?']])('%j: what was meant is asked', async (args, asked) => {
  await main(args)
  expect(printed).toMatch(/^galeractl: unknown/)
  expect(printed).toContain(asked)
  expect(process.exitCode).toBe(2)
})

test.each([['--json'], []])('explain --rules is for people: no marks of ours (%s)', async (...more) => {
  await main(['explain', '--rules', ...more.filter((one) => one !== undefined)])
  expect(printed).toContain('most-advanced')
  expect(printed).not.toMatch(/\[(ran|code)/)
})
