import { createInterface } from 'node:readline/promises'
import { visible } from './screen.ts'

export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

/** @returns what a person types; null where the terminal ends instead, as by Ctrl-C or Ctrl-D */
export async function ask(question: string, { input, output }: Terminal = { input: process.stdin, output: process.stderr }): Promise<string | null> {
  const terminal = createInterface({ input, output })
  // A question that is never answered does not settle by itself.
  const ended = new Promise<null>((resolve) => terminal.once('close', () => resolve(null)))
  try {
    const typed = await Promise.race([terminal.question(visible(question)), ended])
    if (typed === null) output.write('\n')
    return typed
  } finally {
    terminal.close()
  }
}
