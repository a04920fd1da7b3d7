import type { Effect, Op } from '../../../../src/galera/cycle/effect.ts'
import type { Command, Input, Look, Message, Result } from '../../../../src/galera/cycle/input.ts'
import { initialState, type Settings, type State } from '../../../../src/galera/cycle/state.ts'
import { step } from '../../../../src/galera/cycle/step.ts'
import { type Ledger, newLedger } from '../../../../src/galera/ledger.ts'
import type { NodeStatus } from '../../../../src/galera/node-status.ts'
import { HISTORY, nodeUuid } from '../nodes.ts'

export const AT = '2026-01-01T00:00:00.000Z'
export const SETTINGS: Settings = { name: 'n1', listed: true, weight: 1, majority: false, absentWait: 0, stopTimeout: 1_000 }

/** The cycle of n1, an input after the other. */
export class TestAgent {
  state: State
  now = 0
  effects: readonly Effect[] = []

  constructor(more: Partial<State> = {}, ledger: Ledger = newLedger('n1')) {
    this.state = { ...initialState(SETTINGS, ledger), ...more }
  }

  /** The disk of the ledger is full. */
  take(input: (Message | Command | Result | { in: 'tick' }) & { readonly unwritten?: string }): readonly Effect[] {
    const next = step(this.state, { ...input, now: this.now, at: AT } as Input)
    this.state = next.state
    this.effects = next.effects
    return next.effects
  }

  /** The clock shows what the task waits for. */
  wake(): readonly Effect[] {
    this.now = Math.max(this.now, this.state.wakeAt ?? this.now)
    return this.take({ in: 'tick' })
  }

  /** The effect whose result is waited for. */
  get awaited(): Op | undefined {
    return this.effects.find((effect): effect is Op => 'op' in effect)
  }

  get op(): number {
    return this.state.op
  }
}

export const outside: NodeStatus = { stateUuid: HISTORY, lastCommitted: 9n, primary: false, ready: false, connected: true, localState: 0, localStateComment: 'Initialized', clusterSize: 1, clusterWeight: 1, nodeUuid: nodeUuid('n1'), flowControlPaused: 0, receiveQueue: 0, providerVersion: '', takesWrites: true, fullAt: null }
export const synced: NodeStatus = { ...outside, primary: true, ready: true, localState: 4, localStateComment: 'Synced', clusterSize: 2, clusterWeight: 2 }
export const SERVER = { pid: 7, startTime: '1', launch: null }
export const seen = (more: Partial<Look> = {}): Look => ({ server: SERVER, sql: 'closed', status: null, view: null, weight: null, gvwstate: null, transfer: false, work: '', errors: [], log: 'log/mariadbd.log in the gear', refusedBy: null, ...more })
