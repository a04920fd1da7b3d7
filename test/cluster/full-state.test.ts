import { execFileSync } from 'node:child_process'
import { rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeCluster, type TestNode } from '../support/cluster.ts'

/** Two real nodes on 127.0.184.x, one with a disk of its own for what it must remember. */
test('a node that runs and cannot write its ledger raises an alarm, and serves on; with room again it has none', async () => {
  await using cluster = await makeCluster(184, 2)
  const [one, other] = cluster.nodes as [TestNode, TestNode]
  const state = join(one.gear, 'state')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=750', 'tmpfs', state])
  try {
    execFileSync('chown', ['mysql:mysql', state])
    await Promise.all([one, other].map((node) => cluster.must(node, 'start')))
    const status = async () => {
      const { exitCode, stdout } = await cluster.run(one, 'status', '--json')
      return { exitCode, ...(JSON.parse(stdout) as { synced: boolean; alarms: { code: string; message: string }[] }) }
    }
    expect(await status()).toMatchObject({ exitCode: 0, synced: true, alarms: [] })
    const { bavail, bsize } = statfsSync(state)
    execFileSync('fallocate', ['-l', String(bavail * bsize), join(state, 'filler')])
    const alarms = [{ code: 'ledger-unwritable', message: expect.stringContaining(`n1 cannot write its ledger ${state}/ledger.json (ENOSPC)`) }]
    expect(await status()).toMatchObject({ exitCode: 3, synced: true, alarms })
    expect(await cluster.run(other, 'check')).toMatchObject({ exitCode: 5, stdout: expect.stringContaining('n1 cannot write its ledger') })
    await cluster.must(other, 'stop')
    expect((await fetch(`http://${one.address}:4570/health/ready`)).status).toBe(200)
    expect(await status()).toMatchObject({ exitCode: 3, synced: true, alarms })
    rmSync(join(state, 'filler'))
    await expect.poll(status).toMatchObject({ exitCode: 0, alarms: [] })
  } finally {
    cluster.kill([one, other])
    execFileSync('umount', ['--lazy', state])
  }
})
