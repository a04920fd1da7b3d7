import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { testGear, type TestGear } from '../support/gear.ts'

/** One real node on 127.0.210.x, with settings of its own in conf.d. */
const confd = (gear: TestGear, name: string) => join(gear.dir, 'conf/conf.d', name)
const own = (gear: TestGear, name: string, ...lines: readonly string[]) => writeFileSync(confd(gear, name), `[mariadbd]\n${lines.join('\n')}\n`)
const asRoot = (gear: TestGear, sql: string) => execFileSync('mariadb', ['-uroot', '-NB', `--socket=${gear.dir}/run/mariadbd.sock`, '-e', sql], { encoding: 'utf8' }).trim()
const killAll = (gear: TestGear) => {
  for (const file of ['agent.pid', 'server.json']) process.kill(Number(readFileSync(join(gear.dir, 'run', file), 'utf8').match(/\d+/)?.[0]), 'SIGKILL')
}

async function readyGear(host: number): Promise<TestGear> {
  const gear = testGear(`127.0.210.${host}`)
  const { exitCode, stderr } = await gear.setup('--peers', `n1/127.0.210.${host}`)
  expect(exitCode, stderr).toBe(0)
  return gear
}

test('what mariadbd does not take and what galeractl must own is refused at once, before anything is launched, with file, line and the way out', async () => {
  await using gear = await readyGear(1)
  own(gear, 'a.cnf', 'max_connections = 300', 'innodb_bufer_pool_size = 1G', 'port = abc', 'sql_mode = FOO')
  own(gear, 'b.cnf', 'port = 3307', 'wsrep_on = OFF', 'binlog_format = MIXED', 'wsrep_cluster_name = other', 'innodb_buffer_pool_size = 1X')
  const { exitCode, stderr } = await gear.run('start')
  expect(exitCode).toBe(2)
  for (const [file, line, said] of [['a.cnf', 3, "unknown variable 'innodb_bufer_pool_size=1G'"], ['a.cnf', 4, "'abc'"], ['a.cnf', 5, "Error while setting value 'FOO' to 'sql_mode'"], ['b.cnf', 6, "'1X'"], ['b.cnf', 2, 'sets port = 3307; galeractl needs 3306'], ['b.cnf', 3, 'sets wsrep_on = OFF; galeractl needs ON'], ['b.cnf', 4, 'sets binlog_format = MIXED; galeractl needs ROW'], ['b.cnf', 5, 'sets wsrep_cluster_name = other; galeractl needs galera']] as const) {
    expect(stderr).toMatch(new RegExp(`${confd(gear, file)} line ${line}:? [^\n]*${said}`))
  }
  expect(stderr).toContain('galeractl setup --sql-port 3307')
  expect(existsSync(join(gear.dir, 'log/mariadbd.log'))).toBe(false)
  rmSync(confd(gear, 'a.cnf'))
  own(gear, 'b.cnf', 'port = 3306', 'wsrep_on = 1', 'binlog_format = row', 'bind_address = 127.0.210.9,127.0.210.1', 'loose_no_such_thing = 1')
  const { exitCode: ended, stderr: said } = await gear.run('start')
  expect(ended, said).toBe(0)
  own(gear, 'a.cnf', 'innodb_bufer_pool_size = 1G')
  expect(await gear.run('restart')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${confd(gear, 'a.cnf')} line 2: unknown variable`) as string })
  expect(await gear.run('status')).toMatchObject({ exitCode: 0 })
})


test('options of plugins that are installed by SQL are known, also after a crash; without the plugin they are refused', async () => {
  await using gear = await readyGear(3)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  asRoot(gear, "INSTALL SONAME 'simple_password_check'")
  own(gear, 'a.cnf', 'simple_password_check_minimal_length = 9')
  expect(await gear.run('restart')).toMatchObject({ exitCode: 0 })
  expect(asRoot(gear, 'SELECT @@simple_password_check_minimal_length')).toBe('9')
  asRoot(gear, "INSTALL SONAME 'sql_errlog'")
  own(gear, 'b.cnf', 'sql_error_log_rate = 7')
  killAll(gear)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  expect(asRoot(gear, 'SELECT @@sql_error_log_rate')).toBe('7')
  own(gear, 'b.cnf', 'server_audit_logging = ON')
  const refused = await gear.run('restart')
  expect(refused.exitCode).not.toBe(0)
  expect(refused.stderr).toContain(`${confd(gear, 'b.cnf')} line 2: unknown variable 'server_audit_logging=ON'`)
  own(gear, 'b.cnf', 'plugin_load_add = server_audit', 'server_audit_logging = ON')
  await expect.poll(async () => (await gear.run('status')).exitCode, { timeout: 60_000 }).toBe(0)
})

test('to look at the options changes nothing in the datadir', async () => {
  await using gear = await readyGear(4)
  own(gear, 'a.cnf', 'innodb_bufer_pool_size = 1G')
  const state = () => execFileSync('find', [join(gear.dir, 'data'), '-printf', '%p %s %C@\n'], { encoding: 'utf8' })
  const before = state()
  expect(await gear.run('start')).toMatchObject({ exitCode: 2 })
  expect(state()).toBe(before)
})

test('a log_error of one\'s own is where errors are looked for, and what is named', async () => {
  await using gear = await readyGear(5)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  expect(await gear.run('stop')).toMatchObject({ exitCode: 0 })
  own(gear, 'a.cnf', 'log_error = own', 'default_time_zone = Europe/Nope')
  const { exitCode, stderr } = await gear.run('start', '--timeout', '5')
  expect([4, 5], stderr).toContain(exitCode)
  expect(stderr).toContain(`Illegal or unknown default time zone 'Europe/Nope' (${confd(gear, 'a.cnf')} line 3)`)
  expect(stderr).toContain('Read data/own.err in the gear')
  own(gear, 'a.cnf', 'log_error = own')
  await expect.poll(async () => (await gear.run('status')).exitCode, { timeout: 60_000 }).toBe(0)
  expect(statSync(join(gear.dir, 'data/own.err')).size).toBeGreaterThan(0)
})

test('a wsrep_notify_cmd of one\'s own is called as well, and galeractl\'s stays in force', async () => {
  await using gear = await readyGear(6)
  const called = join(gear.dir, 'called')
  own(gear, 'a.cnf', `wsrep_notify_cmd = "printf '<%s>' >>${called}"`)
  expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  await expect.poll(() => (existsSync(called) ? readFileSync(called, 'utf8') : '')).toMatch(/<--status><synced>/)
  expect(readFileSync(called, 'utf8')).toMatch(/<--members><[0-9a-f-]{36}\/n1\/127\.0\.210\.6:3306>/)
  expect(asRoot(gear, 'SELECT @@wsrep_notify_cmd')).toBe(join(gear.dir, 'hooks/notify'))
  expect((await gear.run('events', '--json')).stdout).toContain('synced')
})
