import { join } from 'node:path'
import { bigintAsText } from '../galera/schemas.ts'
import { describeVotedOut, parseVotedOut, type VotedOut, votedOutHint, votedOutSchema } from '../galera/voted-out.ts'
import type { Fault } from '../errors.ts'
import { readIfExists, writeFileAtomic } from '../system/files.ts'
import { parseAs } from '../system/json.ts'
import type { Node } from './node.ts'

/** So long people are told of it, milliseconds: the copy that follows mends the rows, not what made them differ. */
const NEWS = 7 * 24 * 3_600_000

const fileOf = ({ paths }: Node) => join(paths.state, 'voted-out.json')

/** The last vote against this node; outlives its data. */
async function lastVote(node: Node): Promise<VotedOut | null> {
  return parseAs(votedOutSchema, await readIfExists(fileOf(node)).catch(() => null))
}

/** Keeps a vote that the server's log tells of, and tells it once. @returns one sentence; null where there is none */
export async function hearVote(node: Node, log: string): Promise<string | null> {
  const vote = parseVotedOut(log, new Date().toISOString())
  if (vote === null) return null
  const text = describeVotedOut(node.config.name, vote)
  const known = await lastVote(node)
  if (known?.uuid === vote.uuid && known.seqno === vote.seqno) return text
  node.log.error({ vote: JSON.parse(JSON.stringify(vote, bigintAsText)) as unknown }, text)
  try {
    await writeFileAtomic(fileOf(node), `${JSON.stringify(vote, bigintAsText)}\n`, 0o640)
    await node.counts.note?.(text, vote.at)
  } catch (error) {
    node.log.error({ err: error }, 'the vote cannot be recorded')
  }
  return text
}

/** The last vote while it is news, for status and check. */
export async function votesAgainst(node: Node): Promise<readonly (Fault & { readonly at: string })[]> {
  const vote = await lastVote(node)
  if (vote === null || Date.now() - Date.parse(vote.at) > NEWS) return []
  return [{ code: 'voted-out', message: describeVotedOut(node.config.name, vote), hint: votedOutHint(vote), at: vote.at }]
}
