import { readFile } from 'node:fs/promises'

/** Of each socket: its own address and port, the other's, and 0A where it listens (Linux, include/net/tcp_states.h). */
const LISTENING = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gm

/**
 * Whether any process of this host, or of this network namespace, listens on a TCP port, as the kernel tells: nobody is connected to for it.
 * @returns true too where the kernel does not tell: then nothing is concluded
 */
export async function isListenedOn(port: number): Promise<boolean> {
  try {
    const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFile(path, 'utf8')))
    const wanted = port.toString(16).toUpperCase().padStart(4, '0')
    return tables.some((table) => [...table.matchAll(LISTENING)].some(([, found]) => found === wanted))
  } catch {
    return true
  }
}
