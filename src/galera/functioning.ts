import type { Fault } from '../errors.ts'
import type { Observation } from './observation.ts'

/** What one node answered to a check; `reply` null: it answered nothing. */
export interface NodeAnswer {
  readonly name: string
  readonly observation: Observation
  readonly reply: {
    readonly found: boolean
    readonly error: string | null
    readonly variables: Readonly<Record<string, string>>
    readonly clusterSize: number
    /** Its votes; and those of the view it is in, as Galera counts them: null where it does not tell. */
    readonly weight: number
    readonly clusterWeight: number | null
    /** Whole days until its certificate ends; null without TLS. */
    readonly certificateDays: number | null
    /** What is wrong on the node itself. */
    readonly alarms: readonly Pick<Fault, 'message' | 'hint'>[]
    /** When and why it was voted out lately. */
    readonly votes: readonly (Pick<Fault, 'message' | 'hint'> & { readonly at: string })[]
  } | null
}

export interface Finding {
  readonly level: 'ok' | 'warning' | 'error'
  readonly what: string
  readonly mend: string
}

/** So long before a certificate ends, people are told, days. */
const CERTIFICATE_DAYS = 30

/** Is the cluster functioning? Every finding with its mend; pure. */
export function findings(answers: readonly NodeAnswer[], writeError: string | null): readonly Finding[] {
  return [...membership(answers), ...votes(answers), ...replication(answers, writeError), ...equality(answers), ...certificates(answers), ...votesAgainst(answers), ...alarms(answers)]
}

const ok = (what: string): Finding => ({ level: 'ok', what, mend: '' })
const error = (what: string, mend: string): Finding => ({ level: 'error', what, mend })
const warning = (what: string, mend: string): Finding => ({ level: 'warning', what, mend })

function membership(answers: readonly NodeAnswer[]): readonly Finding[] {
  const found: Finding[] = []
  for (const { name, observation: o } of answers) {
    if (o.kind === 'silent') found.push(error(`${name} is silent (${o.reason})`, `Start it: galeractl start on ${name}.`))
    else if (o.kind === 'down' && o.launched !== null) found.push(error(`${name} is being started`, 'Look again in a moment; galeractl status shows its progress.'))
    else if (o.kind === 'down' && o.intent === 'start') found.push(error(`${name} waits to be started`, `See galeractl status on ${name}: it tells what for.`))
    else if (o.kind === 'down') found.push(error(`${name} is not running`, `Start it: galeractl start on ${name}.`))
    else if (o.kind === 'non-primary') found.push(error(`${name} is not in a primary component`, `See galeractl explain on ${name}.`))
    else if (!o.synced) found.push(warning(`${name} is Primary but not Synced`, 'Wait for it; galeractl status shows its progress.'))
  }
  const live = answers.flatMap(({ observation: o }) => (o.kind === 'primary' ? [o] : []))
  const histories = [...new Set(live.map((one) => one.uuid))]
  if (histories.length > 1) found.push(error(`different histories: ${live.map((one) => `${one.name} ${one.uuid}`).join(', ')}`, 'Two clusters are running: stop one of them; see galeractl explain.'))
  else if (histories.length === 1) found.push(ok(`one history, ${histories[0]}`))
  const views = new Set(live.map((one) => one.view?.members.map((member) => member.uuid).toSorted().join()))
  const sizes = [...new Set(answers.flatMap(({ reply }) => (reply === null || reply.clusterSize === 0 ? [] : [reply.clusterSize])))]
  if (sizes.length > 1 || views.size > 1) found.push(error(`nodes see different views (sizes ${sizes.join(', ')})`, 'The network between them is cut or changing: look again, then at the links.'))
  else if (sizes[0] !== undefined) found.push(sizes[0] === answers.length ? ok(sizes[0] === 1 ? 'the view has this node only, as listed' : `all ${sizes[0]} nodes see the same view`) : error(`the view has ${sizes[0]} members, the peer list ${answers.length}`, 'Start the missing nodes, or mend the peer list.'))
  return found
}

/** Those of the view: also of a member whose agent does not answer, and of an arbitrator. */
function votes(answers: readonly NodeAnswer[]): readonly Finding[] {
  const members = answers.flatMap(({ observation: o, reply }) => (o.kind === 'primary' ? [{ view: o.view, reply }] : []))
  if (members.length === 0) return []
  const told = members.flatMap(({ view, reply }) => reply?.clusterWeight ?? view?.weight ?? [])
  const silent = Math.max(...members.map(({ view }) => view?.members.length ?? 0), members.length) - members.length
  const total = told.length > 0 ? Math.max(...told) : members.reduce((sum, { reply }) => sum + (reply?.weight ?? 1), silent)
  if (total < 3) return [error(`${total} vote${total === 1 ? '' : 's'}: the loss of one node stops the cluster`, 'Run at least three nodes.')]
  if (total % 2 === 0) return [warning(`${total} votes: an even number can split into halves of which neither goes on`, 'Add a node, or change a weight.')]
  return [ok(`${total} votes, an odd number`)]
}

function replication(answers: readonly NodeAnswer[], writeError: string | null): readonly Finding[] {
  if (writeError !== null) return [error(`a test row cannot be written here: ${writeError}`, 'See galeractl status: only a Synced node in a primary component takes writes.')]
  const blind = answers.filter(({ reply }) => reply === null || !reply.found)
  if (blind.length === 0) return [ok(answers.length === 1 ? 'a row can be written here' : `a row written here is read on all ${answers.length} nodes`)]
  return blind.map(({ name, reply }) => error(`the test row is not read on ${name}: ${reply === null ? 'no answer' : (reply.error ?? 'it is not there')}`, `See galeractl status on ${name} and its log.`))
}

function equality(answers: readonly NodeAnswer[]): readonly Finding[] {
  const replies = answers.flatMap(({ name, reply }) => (reply === null || Object.keys(reply.variables).length === 0 ? [] : [{ name, variables: reply.variables }]))
  const names = [...new Set(replies.flatMap(({ variables }) => Object.keys(variables)))].toSorted()
  const different = names.filter((variable) => new Set(replies.map(({ variables }) => variables[variable])).size > 1)
  if (different.length === 0) return replies.length > 1 ? [ok('versions and settings that must be equal are equal')] : []
  return different.map((variable) => warning(`${variable} differs: ${replies.map(({ name, variables }) => `${name} ${variables[variable]}`).join(', ')}`, variable === 'version' || variable === 'provider' ? 'Upgrade the nodes to the same version, one after the other.' : `Set ${variable} to the same value on all nodes and restart them one after the other.`))
}

function certificates(answers: readonly NodeAnswer[]): readonly Finding[] {
  return answers.flatMap(({ name, reply }) => {
    const days = reply?.certificateDays ?? null
    if (days === null || days >= CERTIFICATE_DAYS) return []
    const mend = `Put a new certificate in its place on ${name} and run galeractl reload there.`
    return [days < 0 ? error(`the certificate of ${name} has expired: restarting nodes will reject it`, mend) : warning(`the certificate of ${name} ends in ${days} days`, mend)]
  })
}

const votesAgainst = (answers: readonly NodeAnswer[]): readonly Finding[] => answers.flatMap(({ reply }) => (reply?.votes ?? []).map(({ at, message, hint }) => warning(`at ${at} ${message}`, hint)))

const alarms = (answers: readonly NodeAnswer[]): readonly Finding[] => answers.flatMap(({ reply }) => (reply?.alarms ?? []).map(({ message, hint }) => error(message, hint)))
