import { UsageError } from '../errors.ts'
import { isUuid } from './gtid.ts'

/** One call of wsrep_notify_cmd. Absent arguments are absent fields: some calls carry only `--status` [ran]. */
export interface NotifyEvent {
  readonly status?: string
  readonly uuid?: string
  readonly primary?: boolean
  /** Own index in members; -1 at shutdown. */
  readonly index?: number
  readonly members?: readonly { readonly uuid: string; readonly name: string; readonly address: string }[]
}

/** A name may hold commas; a member begins with its UUID. */
const NEXT_MEMBER = /,(?=[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/)/

/**
 * Parses the arguments of wsrep_notify_cmd. Names and addresses come from other nodes: they are
 * untrusted and only ever data: a name that looks like a further member is read as one, which nothing is decided by.
 * @throws UsageError `bad-notify`
 */
export function parseNotifyArguments(args: readonly string[]): NotifyEvent {
  if (args.length % 2 !== 0) throw bad('an argument without its value', args.at(-1) ?? '')
  const event: { -readonly [Key in keyof NotifyEvent]: NotifyEvent[Key] } = {}
  for (let at = 0; at < args.length; at += 2) {
    const [name = '', value = ''] = args.slice(at, at + 2)
    if (name === '--status') event.status = expect(/^[A-Za-z/ _-]{1,40}$/, name, value).toLowerCase()
    else if (name === '--uuid') event.uuid = isUuid(value) ? value : fail(name, value)
    else if (name === '--primary') event.primary = expect(/^(yes|no)$/, name, value) === 'yes'
    else if (name === '--index') event.index = Number(expect(/^-?\d{1,4}$/, name, value))
    else if (name === '--members') event.members = value === '' ? [] : value.split(NEXT_MEMBER).map(member)
    else throw bad('unknown argument', name)
  }
  return event
}

/** What mariadbd gave: its arguments again, in its order. */
export function formatNotifyArguments({ status, uuid, primary, index, members }: NotifyEvent): readonly string[] {
  return [
    ...(status === undefined ? [] : ['--status', status]),
    ...(uuid === undefined ? [] : ['--uuid', uuid]),
    ...(primary === undefined ? [] : ['--primary', primary ? 'yes' : 'no']),
    ...(index === undefined ? [] : ['--index', String(index)]),
    ...(members === undefined || members.length === 0 ? [] : ['--members', members.map((one) => `${one.uuid}/${one.name}/${one.address}`).join(',')]),
  ]
}

function member(text: string): { uuid: string; name: string; address: string } {
  const [uuid = '', ...rest] = text.split('/')
  const address = rest.pop() ?? ''
  const name = rest.join('/')
  if (!isUuid(uuid) || rest.length === 0 || name.length > 256 || address.length > 300) fail('--members', text)
  return { uuid, name, address }
}

function expect(shape: RegExp, name: string, value: string): string {
  return shape.test(value) ? value : fail(name, value)
}

function fail(name: string, value: string): never {
  throw bad(`bad value of ${name}`, value)
}

function bad(what: string, value: string): UsageError {
  return new UsageError('bad-notify', `${what}: ${JSON.stringify(value.slice(0, 80))}`, 'Arguments are those that mariadbd gives to wsrep_notify_cmd.')
}
