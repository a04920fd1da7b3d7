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

/** Where there is no room, who asks nothing for so long gives way to a new connection, milliseconds: who comes to ask asks at once. */
const IDLE = 50
/** And who is not done with a request after so long: answers take less, and a request may be sent as slowly as one likes. */
const SLOW = 1_000

interface Connection {
  readonly socket: Socket
  readonly address: string
  readonly isPeer: boolean
  unanswered: number
  /** From when on (performance.now) it gives way. */
  staysUntil: number
}

/** Who may stay connected to the agent's port. */
export class Connections {
  readonly #room: Room
  readonly #isPeer: (address: string) => boolean
  readonly #all = new Map<Socket, Connection>()

  constructor(room: Room, isPeer: (address: string) => boolean) {
    this.#room = room
    this.#isPeer = isPeer
  }

  /** Takes a new connection, if need be in place of another; ends it where there is no room. */
  admit(socket: Socket): void {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const isPeer = this.#isPeer(address)
    const { strangers, ofOne, peers } = this.#room
    const room = isPeer ? this.#makeRoom(peers, isPeer, null) : this.#makeRoom(ofOne, isPeer, address) && this.#makeRoom(strangers, isPeer, null)
    if (!room) return void socket.destroy()
    this.#all.set(socket, { socket, address, isPeer, unanswered: 0, staysUntil: performance.now() + IDLE })
    socket.once('close', () => this.#all.delete(socket))
  }

  /** A request begins. @returns false where the connection was ended for it */
  begin(socket: Socket): boolean {
    const connection = this.#all.get(socket)
    if (connection === undefined || socket.destroyed) return false
    if (connection.unanswered >= UNANSWERED) {
      socket.destroy()
      return false
    }
    connection.unanswered++
    connection.staysUntil = performance.now() + SLOW
    return true
  }

  /** It was answered. */
  end(socket: Socket): void {
    const connection = this.#all.get(socket)
    if (connection === undefined) return
    connection.unanswered--
    if (connection.unanswered === 0) connection.staysUntil = performance.now() + IDLE
  }

  /** For one more among `most`: of peers or of strangers, from one address or from all. @returns whether there is */
  #makeRoom(most: number, isPeer: boolean, address: string | null): boolean {
    let count = 0
    let first: Connection | null = null
    for (const one of this.#all.values()) {
      if (one.isPeer !== isPeer || (address !== null && one.address !== address)) continue
      count++
      if (first === null || one.staysUntil < first.staysUntil) first = one
    }
    if (count < most) return true
    if (first === null || first.staysUntil > performance.now()) return false
    this.#all.delete(first.socket)
    first.socket.destroy()
    return true
  }
}
