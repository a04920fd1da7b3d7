import { OutsideError } from '../errors.ts'
import { text } from './catalog.ts'
import { literal } from './columns.ts'
import type { SstRequest } from './arguments.ts'
import type { Wire } from './wire.ts'

/**
 * What is set while the state is loaded, and set back after. Logs must be off: their tables can't be touched otherwise.
 * Recalculating statistics keeps one core busy for as long as a table is loaded [ran]; the donor's are carried instead.
 * The last two refuse tables that the donor has had since before they were set.
 */
const WHILE_LOADING = { general_log: 'OFF', slow_query_log: 'OFF', event_scheduler: 'OFF', local_infile: 'ON', innodb_flush_log_at_trx_commit: '0', sync_binlog: '0', innodb_stats_auto_recalc: 'OFF', innodb_force_primary_key: 'OFF', innodb_read_only_compressed: 'OFF' } as const

/** Global variables by name; '' where the server has none of that name. */
export async function globals<const Name extends string>(wire: Wire, names: readonly Name[]): Promise<Readonly<Record<Name, string>>> {
  const rows = await wire.rows(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names.map(literal).join(', ')})`)
  const found = new Map(rows.map(([name, value]) => [text(name), text(value)]))
  return Object.fromEntries(names.map((name) => [name, found.get(name) ?? ''])) as Record<Name, string>
}

/** Sessions of an earlier attempt that the network cut off hold locks for as long as they wait for more. */
export async function endLeftovers(joiner: Wire): Promise<void> {
  const left = await joiner.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1) AND ID <> CONNECTION_ID() AND HOST NOT LIKE 'localhost%'")
  // One may end by itself meanwhile.
  for (const [id] of left) await joiner.execute(`KILL ${text(id)}`).catch(() => undefined)
}

/** @returns what sets the joiner's own values back, over whatever session is sound then */
export async function prepareJoiner(joiner: Wire): Promise<(session: Wire) => Promise<void>> {
  const names = Object.keys(WHILE_LOADING) as (keyof typeof WHILE_LOADING)[]
  const before = await globals(joiner, names)
  // A scheduler that is disabled at its start can't be set at all.
  const changed = names.filter((name) => before[name] !== WHILE_LOADING[name] && before[name] !== 'DISABLED' && before[name] !== '')
  for (const name of changed) await joiner.execute(`SET GLOBAL ${name} = ${WHILE_LOADING[name]}`)
  return async (session) => {
    for (const name of changed) await session.execute(`SET GLOBAL ${name} = ${before[name]}`)
  }
}

/**
 * How far asynchronous replication from outside has come; and, with a binary log, that begins anew at the donor's state.
 * The stock script takes the joiner's own state here [code].
 */
export async function carryPositions(donor: Wire, joiner: Wire): Promise<void> {
  const theirs = await globals(donor, ['gtid_slave_pos', 'gtid_binlog_state'])
  const own = await globals(joiner, ['gtid_slave_pos', 'log_bin'])
  if (own.log_bin === 'ON') await joiner.execute('RESET MASTER')
  if (theirs.gtid_slave_pos !== own.gtid_slave_pos) await joiner.execute(`SET GLOBAL gtid_slave_pos = ${literal(theirs.gtid_slave_pos)}`)
  if (own.log_bin === 'ON' && theirs.gtid_binlog_state !== '') await joiner.execute(`SET GLOBAL gtid_binlog_state = ${literal(theirs.gtid_binlog_state)}`)
}

/**
 * Before everything there is dropped: it must be another node than the donor, and one that waits for a state.
 * @throws OutsideError `not-a-joiner`
 */
export async function requireJoiner(donor: Wire, joiner: Wire): Promise<void> {
  const [here, there] = [await status(donor), await status(joiner)]
  if (there.get('wsrep_ready') === 'OFF' && there.get('wsrep_gcomm_uuid') !== here.get('wsrep_gcomm_uuid')) return
  throw new OutsideError('not-a-joiner', `what answers at the joiner's address is ${there.get('wsrep_gcomm_uuid') === here.get('wsrep_gcomm_uuid') ? 'the donor itself' : `a node that is ${there.get('wsrep_local_state_comment')}`}: nothing was done to it`, 'Mend the address or port of the joiner (wsrep_sst_receive_address).')
}

async function status(wire: Wire): Promise<ReadonlyMap<string, string>> {
  return new Map((await wire.rows("SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_ready', 'wsrep_gcomm_uuid', 'wsrep_local_state_comment')")).map(([name, value]) => [text(name), text(value)]))
}

/** The joiner's state is the donor's from here on; Galera goes on with what follows. */
export async function setPosition(joiner: Wire, { gtid, gtidDomainId }: SstRequest): Promise<void> {
  const { wsrep_gtid_mode: counted } = await globals(joiner, ['wsrep_gtid_mode'])
  if (gtidDomainId !== null && counted === 'ON') await joiner.execute(`SET GLOBAL wsrep_gtid_domain_id = ${gtidDomainId}`)
  await joiner.execute(`SET GLOBAL wsrep_start_position = ${literal(gtid)}`)
}
