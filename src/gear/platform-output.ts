import { errorShape } from '../system/error-shape.ts'

/** What a platform reads on stdout, a line each: CLIENT_RESULT is for the user, CLIENT_ERROR makes a failure the user's to act on. */
export type ClientWord = 'CLIENT_RESULT' | 'CLIENT_MESSAGE' | 'CLIENT_ERROR' | 'CART_DATA'

export function clientLines(word: ClientWord, text: string): string {
  return text.split('\n').map((line) => `${word}: ${line}`).join('\n')
}

/** An error with every fault and the next step. What nobody foresaw is a bug of ours, and says so. */
export function clientError(error: unknown): { readonly exitCode: number; readonly text: string } {
  const shape = errorShape(error)
  const faults = (shape.faults ?? []).flatMap((fault) => [fault.message, `  ${fault.hint}`])
  return { exitCode: shape.exitCode, text: clientLines('CLIENT_ERROR', [shape.message, ...faults, shape.hint].join('\n')) }
}
