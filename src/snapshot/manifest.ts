import * as z from 'zod'
import { OutsideError } from '../errors.ts'
import { bigintAsText, gtidSchema } from '../galera/schemas.ts'

/** What a snapshot holds and how: written last, so that a folder with one is whole. */

export const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

export const MANIFEST = 'manifest.json'

/** Part names are ours, and come back from strangers' archives. */
const partSchema = z.object({ name: z.string().regex(/^data\.\d{6}$/), bytes: z.int().positive(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })

const encryptionSchema = z.discriminatedUnion('method', [
  z.object({ method: z.literal('age') }),
  z.object({ method: z.literal('openssl'), cipher: z.literal('aes-256-ctr'), digest: z.literal('sha256'), iterations: z.int().min(10_000).max(10_000_000) }),
])

const tableSchema = z.object({ schema: z.string(), name: z.string(), rows: z.int().min(0), checksum: z.string().nullable() })

export const MOST_EVENTS = 500

/** All that is known before the first byte; an archive begins with it. */
const headShape = {
  format: z.literal(1),
  id: z.string().regex(ID),
  kind: z.enum(['physical', 'logical']),
  cluster: z.string().max(64),
  node: z.string().max(64),
  /** Tells it from another cluster of the same name (own-cluster.ts); null: made by an earlier version. */
  clusterMark: z.string().max(64).nullable().default(null),
  /** ISO 8601. */
  startedAt: z.string().max(40),
  /** `10.11.19`. */
  mariadb: z.string().regex(/^\d{1,3}\.\d{1,3}\.\d{1,3}$/),
  galera: z.string().max(60),
  galeractl: z.string().max(60),
  /** Of the datadir when it began: about what a restore needs. */
  dataBytes: z.int().min(0),
  compression: z.object({ method: z.literal('zstd'), level: z.int().min(1).max(19) }),
  encryption: encryptionSchema.nullable(),
  /** Settings of the gear by name, without secrets. */
  settings: z.record(z.string().max(64), z.string().max(4096)),
  /** Which events were to run, by what all nodes told; null: not recorded, as of a stopped node. */
  events: z.array(z.object({ schema: z.string().max(64), name: z.string().max(64), fate: z.enum(['on', 'off', 'unknown']) })).max(MOST_EVENTS).nullable().default(null),
  /** Secrets of the gear as a gear.env, encrypted as the data is, base64; null: left out. */
  secrets: z.string().max(100_000).nullable(),
}

export const headSchema = z.object(headShape)

export const manifestSchema = z.object({
  ...headShape,
  endedAt: z.string().max(40),
  /** Everything up to here is in it, and nothing beyond. */
  position: gtidSchema,
  /** The GTIDs of the binary log at that moment; null where there was none. */
  gtid: z.string().max(4096).nullable(),
  /** Together, compressed. */
  bytes: z.int().positive(),
  parts: z.array(partSchema).min(1).max(999_999),
  /** Null: not recorded. */
  tables: z.array(tableSchema).nullable(),
})

export type Head = z.infer<typeof headSchema>
export type Manifest = z.infer<typeof manifestSchema>
export type Part = z.infer<typeof partSchema>
export type Encryption = z.infer<typeof encryptionSchema>
export type TableSum = z.infer<typeof tableSchema>

/** @throws OutsideError `bad-manifest` */
export function parseManifest(text: string, where: string): Manifest {
  return parsed(manifestSchema, text, where)
}

/** @throws OutsideError `bad-manifest` */
export function parseHead(text: string, where: string): Head {
  return parsed(headSchema, text, where)
}

export const formatManifest = (manifest: Manifest | Head): string => `${JSON.stringify(manifest, bigintAsText, 1)}\n`

function parsed<Shape>(schema: z.ZodType<Shape>, text: string, where: string): Shape {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    const why = cause instanceof z.ZodError ? `${cause.issues[0]?.path.join('.') ?? ''}: ${cause.issues[0]?.message ?? ''}` : (cause as Error).message
    throw new OutsideError('bad-manifest', `${where} is no manifest of a snapshot: ${why}`, 'It is damaged, or of a newer galeractl: take another copy.', { cause })
  }
}

/** When no name is given: sorts by time. */
export const newId = (node: string, now: Date): string => `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${node}`.slice(0, 100)
