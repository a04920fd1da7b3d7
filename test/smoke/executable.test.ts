import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/commands/table.ts'
import { NON_PRIMARY_RULES, RULES } from '../../src/galera/rules/decide.ts'
import { galeractl } from '../support/cluster.ts'

test('the version is one line on stdout', async () => {
  expect(await galeractl(['--version'])).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^galeractl \d+\.\d+\.\d+\n$/), stderr: '' })
})

test.each(COMMANDS.filter((command) => !command.raw).map((command) => command.name))('%s --help tells what it does', async (name) => {
  const { exitCode, stdout } = await galeractl([...name.split(' '), '--help'])
  expect(exitCode).toBe(0)
  expect(stdout).toContain(`Usage: galeractl ${name}`)
  expect(stdout).toContain('--gear')
})

test('an unknown command, an unknown option and a missing gear are the user\'s to mend', async () => {
  expect(await galeractl(['frobnicate'])).toMatchObject({ exitCode: 2, stdout: '' })
  expect(await galeractl(['status', '--frobnicate'])).toMatchObject({ exitCode: 2, stdout: '' })
  const missing = await galeractl(['status'])
  expect(missing).toMatchObject({ exitCode: 2, stdout: '' })
  expect(missing.stderr).toContain('--gear')
})

test('with --json an error is one JSON value on stderr', async () => {
  const { exitCode, stderr } = await galeractl(['--gear', '/nowhere/at/all', 'status', '--json'])
  expect(exitCode).toBe(2)
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'missing-gear', exitCode: 2, hint: expect.stringContaining('setup') } })
})

test('explain --rules prints every rule in order', async () => {
  const { stdout } = await galeractl(['explain', '--rules', '--json'])
  expect((JSON.parse(stdout) as { name: string }[]).map((rule) => rule.name)).toEqual([...RULES, ...NON_PRIMARY_RULES].map((rule) => rule.name))
})

test('NODE_OPTIONS does not reach into the executable', async () => {
  expect(await galeractl(['--version'], { NODE_OPTIONS: '--require /nowhere.js' })).toMatchObject({ exitCode: 0 })
})
