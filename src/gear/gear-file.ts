import { parse } from 'dotenv'
import { SETTINGS } from '../config/settings.ts'
import { UsageError } from '../errors.ts'

const HEADING = '# Settings of this gear, written by `galeractl setup`. Shared variables (env/) and the environment win over it.'

/** What changed between two versions of gear.env; secrets are masked. */
export interface Change {
  readonly what: string
  readonly before: string | null
  readonly after: string | null
}

/** The text of gear.env with these values put in; other lines stay. */
export function mergeGearFile(old: string | null, values: Readonly<Record<string, string | undefined>>): string {
  const variables = new Map(Object.entries(parse(old ?? '')))
  for (const setting of SETTINGS) {
    const value = values[setting.name]
    if (value !== undefined) variables.set(setting.variable, value)
  }
  return [HEADING, ...[...variables].map(([name, value]) => `${name}=${quote(name, value)}`), ''].join('\n')
}

export function gearFileChanges(before: string | null, after: string): readonly Change[] {
  const [old, now] = [parse(before ?? ''), parse(after)]
  const secret = new Set<string>(SETTINGS.filter((setting) => setting.secret).map((setting) => setting.variable))
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => old[name] !== now[name])
    .map((name) => ({ what: name, before: shown(old[name], secret.has(name)), after: shown(now[name], secret.has(name)) }))
}

/** Lines that differ between two versions of a configuration file, by the name before `=`. */
export function lineChanges(file: string, before: string | null, after: string): readonly Change[] {
  if (before === null) return [{ what: file, before: null, after: 'written' }]
  const [old, now] = [settingsIn(before), settingsIn(after)]
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name))
    .map((name) => ({ what: `${file}: ${name}`, before: old.get(name) ?? null, after: now.get(name) ?? null }))
}

function settingsIn(text: string): Map<string, string> {
  return new Map([...text.matchAll(/^(\w+)\s*=\s*(.*)$/gm)].map((match) => [match[1] ?? '', match[2] ?? '']))
}

const shown = (value: string | undefined, secret: boolean) => (value === undefined ? null : secret ? '(secret)' : value)

function quote(name: string, value: string): string {
  if (/^[A-Za-z0-9_.:,/=@%+-]*$/.test(value)) return value
  if (/[\r\n]/.test(value)) throw new UsageError('bad-value', `the value of ${name} has a line break`, 'Give it in one line.')
  // A backslash before the closing mark would escape it, and the next line would be part of the value.
  const bare = value.endsWith('\\') && !/^['"`\s]|#/.test(value)
  const mark = bare ? '' : ["'", '`', '"'].find((one) => !value.includes(one) && !value.endsWith('\\') && !(one === '"' && value.includes('\\')))
  if (mark === undefined) throw new UsageError('bad-value', `the value of ${name} cannot be written to gear.env`, 'Leave out one kind of quotes, or a backslash at the end, or set it as a shared variable.')
  return `${mark}${value}${mark}`
}
