import v10_11 from '../../versions/10.11/my.cnf' with { type: 'text' }
import v11_8 from '../../versions/11.8/my.cnf' with { type: 'text' }
import { UsageError } from '../errors.ts'

/** One template for each MariaDB series that galeractl is tested with. */
const TEMPLATES: Readonly<Record<string, string>> = { '10.11': v10_11, '11.8': v11_8 }

export const KNOWN_SERIES = Object.keys(TEMPLATES)

/** @throws UsageError `unknown-version` */
export function templateFor(series: string): string {
  const template = TEMPLATES[series]
  if (template === undefined) {
    throw new UsageError('unknown-version', `MariaDB ${series} is not known here`, `Install MariaDB ${KNOWN_SERIES.join(' or ')}, or name its folder with --mariadb-bin.`)
  }
  return template
}

/** Fills `{{name}}` from values. A name without a value is a bug. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`no value for {{${name}}}`)
    return String(value)
  })
}
