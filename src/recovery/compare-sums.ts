import type { TableSum } from '../snapshot/manifest.ts'

/** What differs between the sums that were recorded and those that are found; both by `schema.name`. Pure. */
export function compareSums(recorded: readonly TableSum[] | null, found: readonly TableSum[]): { readonly wrong: readonly string[]; readonly text: string } {
  if (recorded === null) return { wrong: [], text: 'checksums were not recorded (snapshot create --checksums)' }
  const there = new Map(found.map((one) => [`${one.schema}.${one.name}`, one]))
  const wrong = recorded.flatMap((one) => {
    const name = `${one.schema}.${one.name}`
    const other = there.get(name)
    if (other === undefined) return [`${name}: it is missing`]
    if (other.rows !== one.rows) return [`${name}: ${other.rows} rows, not ${one.rows}`]
    return one.checksum !== null && other.checksum !== null && other.checksum !== one.checksum ? [`${name}: its checksum is ${other.checksum}, not ${one.checksum}`] : []
  })
  const known = new Set(recorded.map((one) => `${one.schema}.${one.name}`))
  const more = [...there.keys()].filter((name) => !known.has(name)).map((name) => `${name}: it was not there when the snapshot was taken`)
  return { wrong: [...wrong, ...more], text: `row counts and checksums of ${recorded.length} tables are as recorded` }
}
