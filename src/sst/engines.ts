import { text } from './catalog.ts'
import type { Wire } from './wire.ts'

/** Engines of the donor that plugins bring. The server itself installs what mysql.plugin lists only at its next start. */
export async function installEngines(donor: Wire, joiner: Wire): Promise<void> {
  const here = new Set((await joiner.rows("SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')")).map(([engine]) => text(engine)))
  const there = await donor.rows("SELECT ENGINE, PLUGIN_LIBRARY FROM information_schema.ENGINES JOIN information_schema.PLUGINS ON PLUGIN_NAME = ENGINE WHERE SUPPORT IN ('YES', 'DEFAULT') AND PLUGIN_TYPE = 'STORAGE ENGINE' AND PLUGIN_LIBRARY IS NOT NULL")
  for (const [name, library] of there) {
    const engine = text(name)
    if (here.has(engine)) continue
    await joiner.execute(`INSTALL PLUGIN ${engine} SONAME '${text(library)}'`).catch((error: Error) => {
      throw new Error(`the donor has the storage engine ${engine}, the joiner has not: ${error.message}`, { cause: error })
    })
  }
}
