import type { Connection } from 'mysql2/promise'

/** A node of the compared cluster: `n1`, `n2`, `n3`, each taken as a host of its own. */
export interface Host {
  readonly name: string
  readonly address: string
  /** All that the node keeps: its configuration, data and sockets. */
  readonly folder: string
}

/** Three MariaDB nodes under one of the compared tools; nothing runs before `powerOn`. */
export interface Peer extends AsyncDisposable {
  readonly hosts: readonly Host[]
  /** The first start of the new cluster, as the tool's documentation says; `awaitServing` tells when it serves. */
  readonly boot: () => Promise<void>
  /** The hosts come up, and the tool does there what it does unattended. Returns at once. */
  readonly powerOn: (hosts: readonly Host[]) => void
  /** A power cut: SIGKILL of all that runs on these hosts. */
  readonly cut: (hosts: readonly Host[]) => void
  /** The orderly stop of one node; resolves when it has ended. */
  readonly stop: (host: Host) => Promise<void>
  /** The datadir is lost; an empty database is installed again. The host is down then. */
  readonly wipe: (host: Host) => Promise<void>
  readonly datadir: (host: Host) => string
  /** A connection to the database of the application. Rejects while the node does not serve. */
  readonly connect: (host: Host) => Promise<Connection>
  /** Nothing more happens without a person. */
  readonly gaveUp: () => boolean
  /** The documented way by hand to one cluster of these hosts, which are up, where there is one; resolves when the last of them was told to start. */
  readonly byOperator?: (hosts: readonly Host[]) => Promise<void>
}

/** One of the compared tools. */
export interface Contestant {
  readonly name: string
  /** A new cluster on 127.0.NET.1-3. */
  readonly make: (net: number) => Promise<Peer>
}
