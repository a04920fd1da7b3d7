/**
 * What a statement is to a cluster.
 * - `read`: each node can answer it. - `last`: only the connection of the statement before can. - `write`: whatever may change something, or is not known.
 * - `opaque`: may end a transaction within, so nobody knows where one stands after it. - `ddl`: ends the transaction before it.
 * - `kill`: names a connection of one node.
 * - `set`: changes the session, and can be given again to another connection.
 */
export type Kind = 'read' | 'last' | 'write' | 'opaque' | 'ddl' | 'begin' | 'commit' | 'rollback' | 'savepoint' | 'kill' | 'set' | 'set-transaction' | 'autocommit-on' | 'autocommit-off'

export interface Statement {
  readonly kind: Kind
  /** Leaves something behind that only its own connection has. */
  readonly pin: 'user variable' | 'temporary table' | 'lock' | 'prepared statement' | 'XA' | 'settings' | null
  /** It puts rows in, whose ids the server may choose. */
  readonly inserts: boolean
  /** LAST_INSERT_ID() tells of it afterwards. */
  readonly givesId: boolean
  /** It asks for the id that this session was given last. */
  readonly lastId: boolean
  /** It asks how the statement before went, as SHOW WARNINGS and ROW_COUNT() do: only the connection of that one knows. */
  readonly ofBefore: boolean
  /** Its result may show the time at which it was run. */
  readonly time: boolean
  /** Of `begin`: it may run on any node, or sees the data of this moment. */
  readonly begin: { readonly readOnly: boolean; readonly snapshot: boolean } | null
}

export const statement = (kind: Kind, more: Partial<Statement> = {}): Statement => ({ kind, pin: null, inserts: false, givesId: false, lastId: false, ofBefore: false, time: false, begin: null, ...more })
