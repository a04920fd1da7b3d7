import { expect, test } from 'vitest'
import { alterEvent, type ClusterEvent, eventFates, eventFindings, type NodeEvents } from '../../../src/galera/cluster-events.ts'

const event = (name: string, status: ClusterEvent['status'], more: Partial<ClusterEvent> = {}): ClusterEvent => ({ schema: 'app', name, status, definer: 'root@localhost', charset: 'utf8mb4', collation: 'utf8mb4_general_ci', ...more })
const node = (name: string, events: readonly ClusterEvent[] | null, scheduler = 'ON'): NodeEvents => ({ name, events, scheduler })
const off = 'SLAVESIDE_DISABLED'

test('an event that is on on one node is as it should be, and so is one that its node has switched off', () => {
  const nodes = [node('n1', [event('e', 'ENABLED'), event('parked', 'DISABLED')]), node('n2', [event('e', off), event('parked', off)])]
  expect(eventFindings(nodes)).toEqual([])
  expect(eventFates(nodes)).toEqual([{ schema: 'app', name: 'e', fate: 'on' }, { schema: 'app', name: 'parked', fate: 'off' }])
})

test('an event that is off on all nodes by another\'s doing runs nowhere: an error with the statement that helps', () => {
  expect(eventFindings([node('n1', [event('e', off, { definer: 'a`b@10.%' })]), node('n2', [event('e', off)])])).toEqual([
    { level: 'error', what: 'event app.e runs on no node: the node that ran it is gone, or has lost its data', mend: 'On one node: ALTER DEFINER = `a``b`@`10.%` EVENT `app`.`e` ENABLE; If it is not to run: DISABLE in place of ENABLE.' },
  ])
})

test('while a node cannot be asked it may run there', () => {
  expect(eventFindings([node('n1', [event('e', off)]), node('n2', null)])).toMatchObject([{ level: 'warning', what: 'event app.e does not run on n1; it may run on n2, which cannot be asked', mend: expect.stringMatching(/^If n2 will not come back, on one node: ALTER /) }])
  expect(eventFates([node('n1', [event('e', off)]), node('n2', null)])).toMatchObject([{ fate: 'unknown' }])
})

test('an event that is on on two nodes runs twice', () => {
  expect(eventFindings([node('n1', [event('e', 'ENABLED')]), node('n2', [event('e', 'ENABLED')])])).toMatchObject([{ level: 'warning', what: expect.stringContaining('event app.e is enabled on n1 and n2'), mend: expect.stringContaining('EVENT `app`.`e` ENABLE;') }])
})

test('an event that is on where the scheduler is off does not run', () => {
  expect(eventFindings([node('n1', [event('e', 'ENABLED')], 'OFF'), node('n2', [event('e', off)], 'OFF')])).toMatchObject([{ level: 'warning', what: 'event_scheduler is OFF on n1: app.e does not run' }])
})

test('of many that run nowhere ten are named', () => {
  const found = eventFindings([node('n1', Array.from({ length: 13 }, (_, at) => event(`e${at}`, off)))])
  expect(found.map(({ what }) => what).slice(-2)).toEqual([expect.stringContaining('app.e9 '), '3 more events run nowhere or more than once'])
})

test('the statement of a person speaks the character set of the event, which ALTER EVENT would change', () => {
  expect(eventFindings([node('n1', [event('e', off, { charset: 'latin1' })])])[0]?.mend).toContain('SET NAMES latin1; ALTER')
})

test('a status is changed, and the definer stays', () => {
  expect(alterEvent(event('e', 'ENABLED', { definer: 'a@b@c' }), 'DISABLE ON SLAVE')).toBe('ALTER DEFINER = `a@b`@`c` EVENT `app`.`e` DISABLE ON SLAVE')
})
