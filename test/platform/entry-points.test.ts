import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'
import { type Broker, makeBroker, processesOf, variables, VERSION } from './broker.ts'
import { type PlatformGear, setVariable } from './gear-place.ts'

const ROOT = join(import.meta.dirname, '../..')
const manifest = readFileSync(join(ROOT, 'metadata/manifest.yml'), 'utf8')
/** The names under a key of the manifest, one level deep. */
const namesUnder = (key: string) => [...(manifest.match(new RegExp(`^${key}:\\n((?: .*\\n)+)`, 'm'))?.[1] ?? '').matchAll(/^ {2}([\w-]+):$/gm)].map((match) => match[1] as string)

let broker: Broker
let gear: PlatformGear

beforeAll(async () => {
  broker = makeBroker('entry')
  gear = (await broker.install(['127.0.41.21']))[0] as PlatformGear
  await broker.connect()
})
afterAll(() => broker[Symbol.asyncDispose]())

const storedFiles = () => ['GALERACTL_PEERS', 'GALERACTL_PEERS_TIME', 'GALERACTL_FORMER_PEERS'].map((name) => readFileSync(join(gear.cartridge, 'gear/env', name), 'utf8'))
const subscribe = (membership: string) => broker.action(gear, 'hooks/set-mariadb-cluster', gear.name, 'tests', gear.uuid, membership)

describe('the manifest', () => {
  const scripts = ['setup', 'install', 'post_install', 'control', 'teardown', 'upgrade'].map((name) => `bin/${name}`)
  const hooks = [...namesUnder('Publishes'), ...namesUnder('Subscribes'), 'publish', 'subscribe', 'start', 'stop', 'snapshot', 'restore'].map((name) => `hooks/${name}`)

  test.each([...scripts, ...hooks])('%s is there and can be run', (file) => {
    accessSync(join(gear.cartridge, file), constants.R_OK | constants.X_OK)
  })

  test('names at least two publishers and one subscriber, of a type that is published', () => {
    expect(namesUnder('Publishes')).toEqual(['publish-mariadb-cluster', 'publish-db-connection-info'])
    expect(namesUnder('Subscribes')).toEqual(['set-mariadb-cluster'])
    expect(manifest.match(/Type: NET_TCP:mariadb-cluster$/gm)).toHaveLength(2)
  })

  test('gives each endpoint a variable that a setting reads', () => {
    const aliases = new Set<string>(SETTINGS.flatMap((setting) => setting.aliases))
    const names = [...manifest.matchAll(/(?:Private-IP|Private-Port|Public-Port)-Name: (\w+)/g)].map((match) => `OPENSHIFT_MARIADB_${match[1]}`)
    expect(names).toHaveLength(15)
    for (const name of names) expect(aliases).toContain(name)
  })

  test('offers a template for each version', () => {
    const versions = manifest.match(/^Versions:\n((?:- .*\n)+)/m)?.[1]?.match(/[\d.]+/g)
    expect(versions?.toSorted()).toEqual(readdirSync(join(ROOT, 'versions')).toSorted())
  })
})

describe('control', () => {
  test('an unknown verb does nothing and succeeds', async () => {
    for (const verb of ['cloud-burst', 'toString', '--help', '']) expect(await broker.action(gear, 'bin/control', verb)).toMatchObject({ exitCode: 0, stdout: '' })
  })

  test('start, reload, threaddump, tidy and status of a gear that runs', async () => {
    expect(await broker.action(gear, 'bin/control', 'start')).toMatchObject({ exitCode: 0, stdout: 'CLIENT_RESULT: Synced\n' })
    expect((await broker.action(gear, 'bin/control', 'reload')).stdout).toMatch(/^CLIENT_RESULT: .*read its settings/)
    expect((await broker.action(gear, 'bin/control', 'threaddump')).stdout).toMatch(/^CLIENT_RESULT: .*Info="SHOW FULL PROCESSLIST"/m)
    expect(await broker.action(gear, 'bin/control', 'tidy')).toMatchObject({ exitCode: 0 })
    expect((await broker.action(gear, 'bin/control', 'status')).stdout).toMatch(/^CLIENT_RESULT: node \w+ of cluster entry is Synced, 1 in/)
  })

  test('restart is one stop and one start', async () => {
    expect(await broker.action(gear, 'bin/control', 'restart')).toMatchObject({ exitCode: 0, stdout: 'CLIENT_RESULT: Synced\n' })
  })
})

describe('subscribe', () => {
  const entry = (uuid: string, output: string) => `'${uuid}'='${output}'`
  const good = "GALERACTL_NODE=x/127.0.41.22/3306/4567/4568/4444/4570"

  test.each([
    ['a quote in an output', entry('u1', `${good}'; touch x'`)],
    ['a command to substitute', entry('u1', 'GALERACTL_NODE=$(touch x)/127.0.41.22')],
    ['a command as a host', entry('u1', 'GALERACTL_NODE=x/`touch${IFS}x`/1/2/3/4/5')],
    ['a newline in an endpoint', entry('u1', 'GALERACTL_NODE=x/127.0.41\n.22/3306')],
    ['a list that never ends', entry('u1', good).padEnd(100_000, 'x')],
    ['100 kB of gears', Array.from({ length: 1350 }, (_, at) => entry(`u${at}`, `GALERACTL_NODE=x${at}/10.0.${at >> 8}.${at % 256}/3306/4567/4568/4444/4570`)).join(' ')],
    ['an option', '--help'],
    ['nothing', ''],
    ['one good gear and one without an endpoint', `${entry('u1', good)} ${entry('u2', '')}`],
  ])('%s leaves the stored list as it was', async (_, membership) => {
    const before = storedFiles()
    expect((await subscribe(membership)).exitCode).toBe(2)
    expect(storedFiles()).toEqual(before)
    expect(existsSync(join(gear.cartridge, 'x')) || existsSync(join(gear.cartridge, 'gear/x'))).toBe(false)
  })
})

describe('what leaves the gear', () => {
  const published = (event: string) => broker.action(gear, `hooks/${event}`, gear.name, 'tests', gear.uuid)

  test('the endpoint has only characters that survive the platform\'s quotes', async () => {
    expect((await published('publish-mariadb-cluster')).stdout).toMatch(/^[A-Z_]+=[A-Za-z0-9_.:,/-]+\n$/)
  })

  test('the connection info is lines of K=V whose values have no second =', async () => {
    const { stdout } = await published('publish-db-connection-info')
    for (const line of stdout.trim().split('\n')) expect(line).toMatch(/^OPENSHIFT_MARIADB_DB_\w+=[^=\s"$`\\]+$/)
    expect(Object.keys(variables(stdout))).toHaveLength(5)
  })

  test('a password that the platform would spoil travels in the URL only', async () => {
    const password = "a=b$(c)'d\"e`\\!f"
    setVariable(gear, 'OPENSHIFT_MARIADB_DB_PASSWORD', password)
    const { stdout } = await published('publish-db-connection-info')
    setVariable(gear, 'OPENSHIFT_MARIADB_DB_PASSWORD', '')
    const given = variables(stdout)
    expect(Object.keys(given)).toHaveLength(4)
    expect(given['OPENSHIFT_MARIADB_DB_URL']).toMatch(/^[A-Za-z0-9_.:,/%@-]+$/)
    expect(decodeURIComponent(new URL(given['OPENSHIFT_MARIADB_DB_URL'] as string).password)).toBe(password)
  })
})

describe('the ends of a gear', () => {
  test('setup for a version that is not here fails, and says which is', async () => {
    const { exitCode, stdout } = await broker.action(gear, 'bin/setup', '--version', '5.5')
    expect(exitCode).toBe(2)
    expect(stdout).toMatch(/^CLIENT_ERROR: version 5\.5 was asked for, the MariaDB here is \d/)
  })

  test('upgrade may be called again and again', async () => {
    for (let at = 0; at < 2; at++) expect(await broker.action(gear, 'bin/upgrade', VERSION, '0.0.9', '0.1.0')).toMatchObject({ exitCode: 0 })
  })

  test('teardown ends everything, with broken settings too, and again when nothing runs', async () => {
    expect(processesOf(gear.home).map((one) => one.command)).toContainEqual(expect.stringContaining('mariadbd'))
    setVariable(gear, 'OPENSHIFT_MARIADB_AGENT_PORT', 'none')
    process.kill(Number(readFileSync(join(gear.cartridge, 'gear/run/agent.pid'), 'utf8')), 'SIGKILL')
    const { exitCode, stdout } = await broker.action(gear, 'bin/teardown')
    expect(stdout).toContain('stopped without the agent')
    expect(exitCode).toBe(0)
    expect(processesOf(gear.home)).toEqual([])
    expect(await broker.action(gear, 'bin/teardown')).toMatchObject({ exitCode: 0, stdout: 'CLIENT_MESSAGE: already stopped\n' })
  })
})
