import { createServer, type Server } from 'node:net'
import type { Endpoint } from '../../src/galera/endpoint.ts'
import { askPeers } from '../../src/peers/ask.ts'
import { signerOf } from '../../src/peers/identity.ts'
import { pairs, type Row, time } from './measure.ts'

const TIMEOUT = 1_000

/** 200 peers: half have a port that accepts and never answers, half refuse. */
export async function askRow(rounds: number, tell: (text: string) => void): Promise<Row> {
  tell('asking 200 peers')
  const mute = await listen()
  const { port } = mute.address() as { port: number }
  const peers = Array.from({ length: 200 }, (_, at): Endpoint => ({ name: `p${at}`, host: `127.0.53.${at + 1}`, sqlPort: 1, groupPort: 1, istPort: 1, sstPort: 1, agentPort: at % 2 === 0 ? port : 1 }))
  const options = { key: signerOf(Buffer.from('0123456789abcdef'), 'n1'), clusterName: 'bench', timeout: TIMEOUT }
  const result = await pairs(rounds, () => time(() => askPeers(peers, options)), async () => TIMEOUT)
  mute.close()
  return { what: 'asking 200 peers, half mute', ...result, against: 'one timeout', goal: 1.1 }
}

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server: Server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '0.0.0.0', () => resolve(server))
    server.unref()
  })
}
