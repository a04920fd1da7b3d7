import { UsageError } from '../errors.ts'

/** Where others reach a node. */
export interface Endpoint {
  /** Null where a list gives only addresses. */
  readonly name: string | null
  /** IPv4, IPv6 (without brackets) or host name. */
  readonly host: string
  readonly sqlPort: number
  readonly groupPort: number
  readonly istPort: number
  readonly sstPort: number
  readonly agentPort: number
}

export const DEFAULT_PORTS = { sqlPort: 3306, groupPort: 4567, istPort: 4568, sstPort: 4444, agentPort: 4570 } as const

const DEFAULT_SEED_PORTS = [DEFAULT_PORTS.sqlPort, DEFAULT_PORTS.groupPort, DEFAULT_PORTS.sstPort].join(':')

export const NODE_NAME = /^[A-Za-z0-9_.-]{1,64}$/
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/
const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?$/
const IPV6 = /^[0-9A-Fa-f:]{2,39}(%[A-Za-z0-9_.-]{1,16})?$/

export function isHost(text: string): boolean {
  if (text.includes(':')) return IPV6.test(text)
  if (/^[\d.]+$/.test(text)) return IPV4.test(text) && text.split('.').every((part) => Number(part) <= 255)
  return HOST_NAME.test(text)
}

/** `host:port`, with brackets where the host is an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * One endpoint as text. Written as `NAME/HOST/SQL/GROUP/IST/SST/AGENT`: only characters that survive
 * the platform's nested quotes. Read in that form, with trailing ports left out, as `NAME/HOST`,
 * as `NAME=HOST`, as a bare `HOST`, and as the seed cartridge's `dns:mysql:galera:sst`.
 * @throws UsageError `bad-endpoint`
 */
export function parseEndpoint(text: string): Endpoint {
  const [first = '', ...rest] = text.split(/[/=]/)
  if (rest.length === 0) return first.match(/^[^:]+(:\d{1,5}){3}$/) ? seedEndpoint(first) : endpoint(text, null, unbracket(first), [])
  const [host = '', ...ports] = rest
  if (!NODE_NAME.test(first)) throw bad(text, `${JSON.stringify(first.slice(0, 40))} is no node name`)
  return endpoint(text, first, unbracket(host), ports)
}

/** A nameless one is written in the seed's form where its ports are not the default ones. */
export function formatEndpoint(e: Endpoint): string {
  const seed = [e.sqlPort, e.groupPort, e.sstPort].join(':')
  if (e.name === null) return seed === DEFAULT_SEED_PORTS || e.host.includes(':') ? e.host : `${e.host}:${seed}`
  return [e.name, e.host, e.sqlPort, e.groupPort, e.istPort, e.sstPort, e.agentPort].join('/')
}

/** What people call a peer: its name, else its host. */
export function peerLabel(e: Endpoint): string {
  return e.name ?? hostPort(e.host, e.groupPort)
}

function seedEndpoint(text: string): Endpoint {
  const [host = '', sql = '', group = '', sst = ''] = text.split(':')
  return endpoint(text, null, host, [sql, group, '', sst])
}

function endpoint(text: string, name: string | null, host: string, ports: readonly string[]): Endpoint {
  if (!isHost(host)) throw bad(text, `${JSON.stringify(host.slice(0, 60))} is no address`)
  if (ports.length > 5) throw bad(text, 'too many fields')
  const port = (at: number, fallback: number) => (ports[at] === undefined || ports[at] === '' ? fallback : parsePort(text, ports[at]))
  return {
    name,
    host,
    sqlPort: port(0, DEFAULT_PORTS.sqlPort),
    groupPort: port(1, DEFAULT_PORTS.groupPort),
    istPort: port(2, DEFAULT_PORTS.istPort),
    sstPort: port(3, DEFAULT_PORTS.sstPort),
    agentPort: port(4, DEFAULT_PORTS.agentPort),
  }
}

function parsePort(text: string, port: string): number {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw bad(text, `${JSON.stringify(port.slice(0, 20))} is no port`)
  return Number(port)
}

const unbracket = (host: string) => host.replace(/^\[(.*)\]$/, '$1')

function bad(text: string, why: string): UsageError {
  return new UsageError('bad-endpoint', `bad peer ${JSON.stringify(text.slice(0, 80))}: ${why}`, 'Write a peer as NAME/HOST or NAME/HOST/SQL/GROUP/IST/SST/AGENT.')
}
