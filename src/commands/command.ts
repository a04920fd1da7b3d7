import type { Logger } from '../system/log.ts'

/** The world of a command, passed in. */
export interface Context {
  /** --gear, if given. */
  readonly gear: string | undefined
  readonly json: boolean
  readonly log: Logger
  /** stdout is a protocol: results only. */
  readonly print: (text: string) => void
}

export interface Option {
  /** As commander takes it: `--timeout <seconds>`. */
  readonly flags: string
  readonly description: string
}

/** Options and arguments as given, by their camel-cased names. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

export type Run = (context: Context, given: Given, args: readonly string[]) => Promise<number>

export interface Command {
  readonly name: string
  readonly summary: string
  /** More than the summary, for --help and the reference page. */
  readonly description?: string
  /** As commander takes it: `[verb]`. */
  readonly arguments?: string
  readonly options?: readonly Option[]
  /** Arguments are passed on as they are, also those that look like options. */
  readonly raw?: true
  readonly hidden?: true
  /** The code is loaded when the command is called. */
  readonly load: () => Promise<{ readonly run: Run }>
}

export const text = (given: Given, name: string): string | undefined => {
  const value = given[name]
  return typeof value === 'string' ? value : undefined
}
