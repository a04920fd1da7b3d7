import { SEED_LISTS, SHARED } from './shared-variables.ts'
import type { Setting } from './settings.ts'

/** Where a value came from, highest precedence first. */
export const ORIGINS = ['option', 'environment', 'shared variable', 'gear.env', 'default'] as const
export type Origin = (typeof ORIGINS)[number]

/** Everything that may set a value. */
export interface Sources {
  /** By setting name. */
  readonly options: Readonly<Record<string, string | undefined>>
  readonly environment: ReadonlyMap<string, string>
  readonly shared: ReadonlyMap<string, string>
  readonly gearFile: ReadonlyMap<string, string>
}

export interface Found {
  readonly text: string
  readonly origin: Origin
  /** The option's or variable's name. */
  readonly source: string
}

/** The text of a setting with its origin: option, environment, shared variable, gear.env, default, in that order. */
export function find(setting: Setting, sources: Sources): Found {
  const option = sources.options[setting.name]
  if (option !== undefined) return { text: option, origin: 'option', source: `--${setting.name}` }
  const layers = [
    ['environment', sources.environment],
    ['shared variable', sources.shared],
    ['gear.env', sources.gearFile],
  ] as const
  for (const [origin, variables] of layers) {
    for (const name of [setting.variable, ...setting.aliases]) {
      const text = variables.get(name)
      if (text !== undefined && text !== '') return { text, origin, source: name }
    }
    const seed = setting.variable === SHARED.peers ? seedPeers(variables) : null
    if (seed !== null) return { text: seed, origin, source: SEED_LISTS.sql }
  }
  return { text: setting.fallback, origin: 'default', source: '' }
}

/** The seed cartridge's three lists as one in its own `dns:mysql:galera:sst` form; hosts in the order of the first list. */
function seedPeers(variables: ReadonlyMap<string, string>): string | null {
  const [sql, group, sst] = [SEED_LISTS.sql, SEED_LISTS.group, SEED_LISTS.sst].map((name) => portsByHost(variables.get(name)))
  if (sql === undefined || sql.size === 0) return null
  return [...sql].map(([host, port]) => [host, port, group?.get(host) ?? '4567', sst?.get(host) ?? '4444'].join(':')).join(',')
}

function portsByHost(text: string | undefined): Map<string, string> {
  const entries = (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  return new Map(entries.map((entry) => [entry.replace(/:\d+$/, ''), entry.match(/:(\d+)$/)?.[1] ?? '3306']))
}
