import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Cluster } from '../../../src/client/nodes/cluster.ts'
import type { Health } from '../../../src/client/nodes/health.ts'
import type { Node } from '../../../src/client/nodes/node.ts'
import { Probe } from '../../../src/client/nodes/probe.ts'
import { resolveOptions } from '../../../src/client/options.ts'

/** Nothing is really looked at. */
beforeEach(() => void vi.spyOn(Probe.prototype, 'look').mockImplementation(() => undefined))
afterEach(() => void vi.restoreAllMocks())

const SYNCED: Health = { state: 'synced', why: 'Synced', readOnly: false, members: [], address: null, idStep: 1, autocommit: true }

/** What a look would have told. */
function saw(node: Node, health: Partial<Health>, identity: string): void {
  node.looked = true
  node.learn({ ...SYNCED, ...health }, identity)
  node.emit('looked')
}

function clusterOf(...nodes: string[]) {
  const cluster = new Cluster(resolveOptions({ nodes }), () => undefined)
  const named = (name: string) => cluster.nodes.find((node) => node.name === name) as Node
  return { cluster, named, names: () => cluster.nodes.map(({ name }) => name) }
}

test('a node that was found and has left is looked at as long as something is under way there: nobody else would end it', () => {
  const { cluster, named, names } = clusterOf('a:1')
  saw(named('a:1'), { members: ['a:1', 'b:1'], address: 'a:1' }, 'n1')
  expect(names()).toEqual(['a:1', 'b:1'])
  saw(named('b:1'), { address: 'b:1' }, 'n2')
  named('b:1').busy = 1
  named('b:1').out('no answer')
  saw(named('a:1'), { members: ['a:1'], address: 'a:1' }, 'n1')
  expect(names()).toEqual(['a:1', 'b:1'])
  named('b:1').busy = 0
  saw(named('a:1'), { members: ['a:1'], address: 'a:1' }, 'n1')
  expect(names()).toEqual(['a:1'])
  cluster.close()
})

test('a node that was found under another name gets nothing new, and goes when what it does is done', () => {
  const { cluster, named, names } = clusterOf('a:1', 'alias:1')
  saw(named('alias:1'), { state: 'out' }, '')
  saw(named('a:1'), { members: ['a:1', 'b:1'], address: 'a:1' }, 'n1')
  saw(named('b:1'), { address: 'b:1' }, 'n2')
  named('b:1').busy = 1
  saw(named('alias:1'), { address: 'b:1' }, 'n2')
  expect([names(), named('b:1').drained]).toEqual([['a:1', 'alias:1', 'b:1'], true])
  named('b:1').busy = 0
  saw(named('alias:1'), { address: 'b:1' }, 'n2')
  expect(names()).toEqual(['a:1', 'alias:1'])
  cluster.close()
})

test('of two that were found for one server the one that is reached is kept, and neither for ever out of use', () => {
  const { cluster, named, names } = clusterOf('a:1')
  saw(named('a:1'), { members: ['a:1', 'b:1', 'c:1'], address: 'a:1' }, 'n1')
  saw(named('b:1'), { address: 'b:1' }, 'n2')
  named('b:1').busy = 1
  named('b:1').out('no answer')
  saw(named('c:1'), { address: 'c:1' }, 'n2')
  // It fails once more.
  named('b:1').emit('looked')
  expect([named('b:1').drained, named('c:1').drained]).toEqual([true, false])
  // And answers again, by both addresses.
  saw(named('b:1'), { address: 'b:1' }, 'n2')
  expect([named('b:1').drained, named('c:1').drained]).toEqual([true, false])
  named('c:1').out('no answer')
  saw(named('a:1'), { members: ['a:1', 'b:1'], address: 'a:1' }, 'n1')
  expect([names(), named('b:1').drained]).toEqual([['a:1', 'b:1'], false])
  cluster.close()
})
