import * as z from 'zod'
import type { ProposalKind } from './acknowledgement.ts'

/** Shapes of what comes from disk and from peers. A bigint travels as a decimal string. */

export const uuidSchema = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
export const seqnoSchema = z.union([z.bigint(), z.string().regex(/^(-1|\d{1,19})$/).transform(BigInt)])
export const nameSchema = z.string().min(1).max(64)

export const gtidSchema = z.object({ uuid: uuidSchema, seqno: seqnoSchema })

export const viewSchema = z.object({
  uuid: uuidSchema,
  seqno: seqnoSchema.nullable(),
  after: seqnoSchema.nullable().default(null),
  members: z.array(z.object({ uuid: uuidSchema, name: z.string().max(256).nullable(), address: z.string().max(300).nullable().default(null) })).max(256),
  weight: z.number().min(0).nullable().default(null),
  ownWeight: z.number().min(0).nullable().default(null),
  ownUuid: uuidSchema,
  left: z.boolean().optional(),
  leftPrimary: z.boolean().optional(),
})

const proposalKind: z.ZodType<ProposalKind> = z.enum(['bootstrap', 'reform', 'repair'])

/** `by`: the only one of the others that earlier versions tell. */
export const promiseSchema = z
  .object({ epoch: z.int().min(1), kind: proposalKind, chosen: z.string().min(1).max(128), by: nameSchema.nullable().default(null), others: z.array(nameSchema).max(256).default([]), settled: z.boolean().default(false) })
  .transform(({ by, others, ...promise }) => ({ ...promise, others: by === null ? others : [...new Set([...others, by])] }))

export const forkSchema = z.object({
  at: z.string().max(40),
  epoch: z.int().min(0),
  uuid: uuidSchema,
  seqno: seqnoSchema,
  view: seqnoSchema.nullable().default(null),
  without: z.array(nameSchema).max(256),
  why: z.enum(['not-in-view', 'majority', 'forced', 'restored']),
  reason: z.string().max(1000),
  into: uuidSchema.nullable().default(null),
})

export const departureSchema = z.object({ name: nameSchema, nodeUuid: uuidSchema, uuid: uuidSchema, seqno: seqnoSchema })

const gvwstateSchema = z.object({ myUuid: uuidSchema, viewId: z.string().max(100), members: z.array(uuidSchema).max(256) })

const dataSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('fresh') }),
  z.object({ kind: z.literal('partial') }),
  z.object({ kind: z.literal('nil') }),
  z.object({ kind: z.literal('unknown'), reason: z.string().max(500), strange: z.boolean().optional() }),
  z.object({ kind: z.literal('position'), uuid: uuidSchema, seqno: seqnoSchema, source: z.enum(['clean-stop', 'recovered']), closed: z.boolean().optional(), safeToBootstrap: z.boolean() }),
])

const downSchema = z.object({
  kind: z.literal('down'),
  name: nameSchema,
  intent: z.enum(['start', 'stay']),
  launched: z.enum(['join', 'reform', 'bootstrap']).nullable(),
  data: dataSchema,
  history: uuidSchema.nullable(),
  view: viewSchema.nullable(),
  nodeUuids: z.array(uuidSchema).max(100).default([]),
  gvwstate: gvwstateSchema.nullable(),
  listed: z.boolean(),
  weight: z.number().min(0).max(255).default(1),
  forks: z.array(forkSchema).max(20).default([]),
  departures: z.array(departureSchema).max(50).default([]),
  promise: promiseSchema.nullable().default(null),
})

const liveSchema = z.object({
  kind: z.enum(['primary', 'non-primary']),
  name: nameSchema,
  uuid: uuidSchema,
  seqno: seqnoSchema,
  synced: z.boolean(),
  joining: z.boolean(),
  nodeUuid: uuidSchema,
  nodeUuids: z.array(uuidSchema).max(100).default([]),
  receiveQueue: z.number().min(0).default(0),
  repairing: z.boolean().default(false),
  view: viewSchema.nullable(),
  weight: z.number().min(0).max(255).default(1),
  forks: z.array(forkSchema).max(20).default([]),
  departures: z.array(departureSchema).max(50).default([]),
  promise: promiseSchema.nullable().default(null),
})

/** What an agent says about its own node. */
export const reportSchema = z.union([downSchema, liveSchema])

export const proposalSchema = z.object({
  epoch: z.int().min(1),
  kind: proposalKind,
  chosen: z.string().min(1).max(128),
  from: nameSchema,
  uuid: uuidSchema.nullable(),
  seqno: seqnoSchema,
  known: z.array(nameSchema).max(256).default([]),
  uncounted: z.array(nameSchema).max(256).default([]),
})

export const answerSchema = z.discriminatedUnion('ack', [
  z.object({ ack: z.literal(true) }),
  z.object({ ack: z.literal(false), reason: z.string().max(500) }),
])

/** For JSON.stringify: bigint as decimal string. */
export function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
