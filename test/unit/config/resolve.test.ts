import { describe, expect, test } from 'vitest'
import { FaultsError } from '../../../src/errors.ts'
import { findFaults, resolve, toConfig } from '../../../src/config/resolve.ts'
import { SETTINGS } from '../../../src/config/settings.ts'
import type { Sources } from '../../../src/config/sources.ts'

type Layers = { readonly [Name in keyof Sources]?: Readonly<Record<string, string>> }
const from = ({ options = {}, environment = {}, shared = {}, gearFile = {} }: Layers) => resolve({ options, environment: new Map(Object.entries(environment)), shared: new Map(Object.entries(shared)), gearFile: new Map(Object.entries(gearFile)) })
const SECRET = 'a-secret-of-some-length'
const sound = { GALERACTL_NAME: 'n1', GALERACTL_ADDRESS: '10.0.0.1', GALERACTL_SECRET: SECRET }

describe('a value comes from', () => {
  const layers = { options: { 'sql-port': '1' }, environment: { GALERACTL_SQL_PORT: '2' }, shared: { GALERACTL_SQL_PORT: '3' }, gearFile: { GALERACTL_SQL_PORT: '4' } }
  test.each([
    ['the option first', layers, '1', 'option'],
    ['then the environment', { ...layers, options: {} }, '2', 'environment'],
    ['then the shared variable', { ...layers, options: {}, environment: {} }, '3', 'shared variable'],
    ['then gear.env', { gearFile: layers.gearFile }, '4', 'gear.env'],
    ['else the default', {}, '3306', 'default'],
    ['an empty variable counts for nothing', { ...layers, options: {}, environment: { GALERACTL_SQL_PORT: '' } }, '3', 'shared variable'],
  ])('%s', (_case, sources, text, origin) => {
    expect(from(sources)['sql-port']).toMatchObject({ text, origin })
  })
})

test('a platform\'s name stands behind ours within one layer, and before the next layer', () => {
  expect(from({ shared: { GALERACTL_NAME: 'ours', OPENSHIFT_GEAR_UUID: 'theirs' } }).name).toMatchObject({ text: 'ours' })
  expect(from({ environment: { OPENSHIFT_GEAR_UUID: 'theirs' }, shared: { GALERACTL_NAME: 'ours' } }).name).toEqual({ text: 'theirs', origin: 'environment', source: 'OPENSHIFT_GEAR_UUID' })
})

test('the seed cartridge\'s three lists make one peer list, unless there is one of ours', () => {
  const seed = { OPENSHIFT_MARIADB_NODE_GEARS: 'a.test:35501,b.test:35511', OPENSHIFT_MARIADB_GALERA_GEARS: 'b.test:35512,a.test:35502', OPENSHIFT_MARIADB_SST_GEARS: 'a.test:35503' }
  expect(from({ shared: seed }).peers.text).toBe('a.test:35501:35502:35503,b.test:35511:35512:4444')
  expect(from({ shared: { ...seed, GALERACTL_PEERS: 'n1/a.test' } }).peers.text).toBe('n1/a.test')
})

test('all faults are told at once, each with its mend', () => {
  const faults = findFaults(from({ gearFile: { GALERACTL_NAME: 'n 1', GALERACTL_SQL_PORT: '70000', GALERACTL_PEERS: 'n1/h1,n1/h2', GALERACTL_GROUP_PORT: '3307', GALERACTL_IST_PORT: '3307' } }))
  expect(faults.map((fault) => fault.code).toSorted()).toEqual(['bad-name', 'bad-peers', 'bad-sql-port', 'no-address', 'no-secret', 'same-port'])
  for (const fault of faults) expect(fault.hint).toMatch(/^(Set|Run|Give)/)
})

test('no fault, error or default shows a secret', () => {
  const short = 'hunter2'
  const resolved = from({ gearFile: { ...sound, GALERACTL_SECRET: short, GALERACTL_APP_PASSWORD: 'pass' } })
  try {
    toConfig(resolved)
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(FaultsError)
    const shown = JSON.stringify((error as FaultsError).toShape())
    expect(shown).toContain('bad-secret')
    expect(shown).toContain('bad-app-password')
    expect(shown).not.toContain(short)
    expect(shown).not.toContain('"pass"')
  }
})

test('a sound configuration has types, milliseconds and the public ports for others', () => {
  const config = toConfig(from({ gearFile: sound, options: { 'public-sql-port': '35501', 'start-timeout': '1.5', peers: 'n1/10.0.0.1,n2/10.0.0.2' } }))
  expect(config).toMatchObject({ name: 'n1', bindAddress: '10.0.0.1', startTimeout: 1500, own: { sqlPort: 35_501, groupPort: 4567 }, listen: { sql: 3306 }, peers: [{ name: 'n1' }, { name: 'n2' }] })
  expect(toConfig(from({ gearFile: sound })).peers).toBeNull()
})

test('mariadbd listens on the public IST port too, so nothing else may', () => {
  const codes = (ist: string) => findFaults(from({ gearFile: sound, options: { 'public-ist-port': ist } })).map(({ code }) => code)
  expect([codes('4999'), codes('4568'), codes('4567')]).toEqual([[], [], ['same-port']])
})

describe('a setting refuses', () => {
  test.each([
    ['name', ['a b', 'a/b', '$(id)', "'", 'n'.repeat(65)]],
    ['address', ['256.1.1.1', 'a b', 'h;id', '[::1]']],
    ['sql-port', ['0', '65536', '-1', '1e3', ' 1']],
    ['secret', ['short', `${'x'.repeat(20)}\n${'x'.repeat(20)}`]],
    ['start-timeout', ['0', '-1', 'soon', '1e9']],
    ['mariadb-bin', ['relative', "/a'b", '/a$b', '/a\nb']],
    ['provider-options', ['a"b', 'a\\b', 'a\nb']],
    ['buffer-pool', ['128X', '1G; x', '']],
  ])('%s', (name, texts) => {
    const setting = SETTINGS.find((one) => one.name === name)
    for (const text of texts) expect(setting?.check(text), JSON.stringify(text)).not.toBeNull()
  })

  test('and takes each default', () => {
    for (const setting of SETTINGS) expect(setting.fallback === '' ? null : setting.check(setting.fallback), setting.name).toBeNull()
  })
})
