import type { Socket } from 'node:net'

/** How many connections there may be at a time. */
export interface Room {
  /** From everywhere but listed peers. */
  readonly strangers: number
  /** From one address. */
  readonly ofOne: number
  /** From addresses of listed peers. */
  readonly peers: number
}

/** So many connections, of so many files that the process may open, at most. The rest is for files, programs and questions to others. */
const SHARE = 1 / 3
const MOST = 512
const LEAST = 32

/** Of the connections, for peers: a flood of strangers does not reach it. */
const PEERS_SHARE = 1 / 4

export function roomWithin(openFiles: number): Room {
  const all = Math.max(LEAST, Math.min(MOST, Math.floor(openFiles * SHARE)))
  const peers = Math.floor(all * PEERS_SHARE)
  return { strangers: all - peers, ofOne: Math.floor((all - peers) / 2), peers }
}

/** Requests of one connection that are not answered yet. Who sends one before it has the last answer reads none. */
const UNANSWERED = 4

/** A connection that has said nothing for so long gives way to a new one, milliseconds: who asks something asks at once. */
const PATIENCE = 50

interface Connection {
  readonly socket: Socket
  readonly address: string
  readonly isPeer: boolean
  unanswered: number
  /** Since when (performance.now) it has nothing to do. */
  idleSince: number
}

/** Who may stay connected to the agent's port. */
export class Connections {
  readonly #room: Room
  readonly #isPeer: (address: string) => boolean
  /** In the order in which they came. */
  readonly #all = new Map<Socket, Connection>()

  constructor(room: Room, isPeer: (address: string) => boolean) {
    this.#room = room
    this.#isPeer = isPeer
  }

  /** Takes a new connection, if need be in place of an idle one; ends it where there is no room. */
  admit(socket: Socket): void {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const isPeer = this.#isPeer(address)
    const { strangers, ofOne, peers } = this.#room
    const room = this.#makeRoom((one) => one.isPeer === isPeer, isPeer ? peers : strangers) && this.#makeRoom((one) => one.isPeer === isPeer && one.address === address, isPeer ? peers : ofOne)
    if (!room) return void socket.destroy()
    this.#all.set(socket, { socket, address, isPeer, unanswered: 0, idleSince: performance.now() })
    socket.once('close', () => this.#all.delete(socket))
  }

  /** A request begins. @returns false where the connection was ended for it */
  begin(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    if (connection === undefined || socket.destroyed) return false
    if (connection.unanswered >= UNANSWERED) socket.destroy()
    else connection.unanswered++
    return !socket.destroyed
  }

  /** It was answered. */
  end(socket: Socket): void {
    const connection = this.#all.get(socket)
    if (connection === undefined) return
    connection.unanswered--
    connection.idleSince = performance.now()
  }

  #makeRoom(counts: (one: Connection) => boolean, most: number): boolean {
    const counted = [...this.#all.values()].filter(counts)
    if (counted.length < most) return true
    const idle = counted.filter(({ unanswered, idleSince }) => unanswered === 0 && performance.now() - idleSince >= PATIENCE)
    const oldest = idle.reduce<Connection | null>((first, one) => (first === null || one.idleSince < first.idleSince ? one : first), null)
    if (oldest === null) return false
    this.#all.delete(oldest.socket)
    oldest.socket.destroy()
    return true
  }
}
