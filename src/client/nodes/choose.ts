import type { Health } from './health.ts'

/** A node as far as choosing goes. */
export interface Candidate {
  readonly identity: string
  readonly priority: number
  readonly local: boolean
  readonly drained: boolean
  readonly health: Health | null
  /** Connections in use. */
  readonly busy: number
}

/**
 * The node that takes the writes: the same in all processes that see the same nodes, since several writers would only collide. By priority, then by the
 * node's own name in the cluster. One that lags only where none is synced. Null where there is none.
 */
export function chooseWriter<Node extends Candidate>(nodes: readonly Node[]): Node | null {
  let best: Node | null = null
  for (const node of nodes) if (takesWrites(node) && (best === null || isBefore(node, best))) best = node
  return best
}

const takesWrites = ({ health, drained }: Candidate): boolean => !drained && health !== null && health.state !== 'out' && !health.readOnly

function isBefore(a: Candidate, b: Candidate): boolean {
  if (a.health?.state !== b.health?.state) return a.health?.state === 'synced'
  if (a.priority !== b.priority) return a.priority > b.priority
  return a.identity < b.identity
}

/** Who answers a read: near ones first, then the one with the least to do; the writer where nobody else is synced. Null where there is none. */
export function chooseReader<Node extends Candidate>(nodes: readonly Node[], writer: Node | null, turn: number): Node | null {
  let best: Node | null = null
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[(at + turn) % nodes.length] as Node
    if (node === writer || node.drained || node.health?.state !== 'synced') continue
    if (best === null || (node.local !== best.local ? node.local : node.busy < best.busy)) best = node
  }
  return best ?? writer ?? nodes.find((node) => !node.drained && node.health !== null && node.health.state !== 'out') ?? null
}
