import { type Connection, createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCluster, type TestCluster, type TestNode } from '../support/cluster.ts'
import { asRoot } from '../support/transfer.ts'

/** One real node on 127.0.234.1 whose connections are all taken. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await makeCluster(234, 1)
  await cluster.must(node(), 'start')
})
afterAll(() => cluster[Symbol.asyncDispose]())

const node = (): TestNode => cluster.nodes[0] as TestNode

async function writable(): Promise<string> {
  const answer = await fetch(`http://${node().address}:4570/health/writable`)
  return `${answer.status} ${(await answer.text()).trim()}`
}

test('where no application can connect, writable is 503 with one word, check and status name it, and it passes by itself', async () => {
  await expect.poll(writable).toBe('200 writable')
  const { user, password, database } = await cluster.account(node())
  const open: Connection[] = []
  const connect = async () => {
    const one = await createConnection({ host: node().address, user, password, database })
    one.on('error', () => undefined)
    open.push(one)
  }
  try {
    asRoot(node(), 'SET GLOBAL max_connections = 12')
    await expect(async () => {
      for (let at = 0; at < 20; at++) await connect()
    }).rejects.toMatchObject({ errno: 1040 })
    await expect.poll(writable).toBe('503 max_connections')
    const check = await cluster.run(node(), 'check')
    expect(check).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('n1 lets no application in: all 12 connections of max_connections are taken') })
    expect((await cluster.run(node(), 'status')).stdout).toContain('ALARM: n1 lets no application in')
    // The last one, which is kept for administrators, is taken by this.
    expect(asRoot(node(), 'SELECT 7')).toContain('7')
    const questions = Number(asRoot(node(), "SHOW GLOBAL STATUS LIKE 'Questions'").split('\t').at(-1))
    const begun = performance.now()
    for (let round = 0; round < 100; round++) await Promise.all([writable(), writable(), writable(), writable(), writable()])
    const asked = Number(asRoot(node(), "SHOW GLOBAL STATUS LIKE 'Questions'").split('\t').at(-1)) - questions
    // What the agent asks by itself meanwhile, and not for those who ask it.
    expect(asked).toBeLessThan(30 + ((performance.now() - begun) / 1000) * 20)
    await open.pop()?.end()
    await expect.poll(writable).toBe('200 writable')
    await connect()
    await expect.poll(writable).toBe('503 max_connections')
  } finally {
    for (const one of open) one.destroy()
  }
  await expect.poll(writable).toBe('200 writable')
})
