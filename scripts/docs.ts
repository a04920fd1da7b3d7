import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedPages } from './docs-pages.ts'

for (const [name, text] of Object.entries(generatedPages())) writeFileSync(join(import.meta.dirname, '../docs', name), text)
