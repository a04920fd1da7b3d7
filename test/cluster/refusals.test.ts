import { expect, test } from 'vitest'
import { testGear } from '../support/gear.ts'

test('a datadir of another cluster is refused with both histories and exit code 3, and nothing is lost', async () => {
  await using first = testGear('127.0.35.1', 'n1')
  await using second = testGear('127.0.35.2', 'n2')
  for (const [gear, peer] of [[first, 'n1/127.0.35.1'], [second, 'n2/127.0.35.2']] as const) {
    expect(await gear.setup('--peers', peer)).toMatchObject({ exitCode: 0 })
    expect(await gear.run('start')).toMatchObject({ exitCode: 0 })
  }
  const uuids = await Promise.all([first, second].map(async (gear) => (JSON.parse((await gear.run('status', '--json')).stdout) as { uuid: string }).uuid))
  expect(await second.run('stop')).toMatchObject({ exitCode: 0 })
  expect(await second.setup('--peers', 'n1/127.0.35.1,n2/127.0.35.2')).toMatchObject({ exitCode: 0 })
  const refused = await second.run('start')
  expect(refused.exitCode).toBe(3)
  for (const uuid of uuids) expect(refused.stderr).toContain(uuid)
  expect(JSON.parse((await second.run('explain', '--json')).stdout)).toMatchObject({ decision: { do: 'refuse', rule: 'foreign-primary' } })
  expect(await second.setup('--peers', 'n2/127.0.35.2')).toMatchObject({ exitCode: 0 })
  expect(await second.run('start')).toMatchObject({ exitCode: 0 })
})

test('a member of the last view is missing: start returns 4 and names it, and the agent goes on when it comes', async () => {
  await using first = testGear('127.0.35.3', 'n1')
  await using second = testGear('127.0.35.4', 'n2')
  const peers = ['--peers', 'n1/127.0.35.3,n2/127.0.35.4']
  for (const gear of [first, second]) expect(await gear.setup(...peers)).toMatchObject({ exitCode: 0 })
  await Promise.all([first, second].map(async (gear) => expect(await gear.run('start')).toMatchObject({ exitCode: 0 })))
  expect(await second.run('stop')).toMatchObject({ exitCode: 0 })
  expect(await first.run('stop')).toMatchObject({ exitCode: 0 })
  const waiting = await second.run('start', '--timeout', '3')
  expect(waiting.exitCode).toBe(4)
  expect(waiting.stderr).toContain('n1')
  expect(await first.run('start')).toMatchObject({ exitCode: 0 })
  await expect.poll(async () => (await second.run('status')).exitCode, { timeout: 60_000, interval: 200 }).toBe(0)
})
