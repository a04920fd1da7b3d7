/**
 * The one door to a terminal: what other nodes, their logs and their clients call themselves can neither move the cursor nor hide. Written for
 * everybody, also into files, which somebody will show on a terminal.
 */

/** Control characters but the end of a line and the tabulator, what has no shape or changes the direction of writing, what is unassigned. */
const UNSEEN = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/** Everything that is not seen as `\u{1b}`. */
export const visible = (text: string): string => text.replace(UNSEEN, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)

/** The same for what must not begin a line of its own, as a name. */
export const visibleName = (name: string): string => visible(name).replace(/[\n\t]/g, (one) => (one === '\n' ? '\\u{a}' : '\\u{9}'))

/** Results for people, on stdout. */
export const print = (text: string): void => void process.stdout.write(`${visible(text)}\n`)

/** Everything else for people, on stderr. */
export const tellPeople = (text: string): void => void process.stderr.write(`${visible(text)}\n`)

/** One value, or one word, for programs, which take names as they are. */
export const printJson = (json: string): void => void process.stdout.write(`${json}\n`)
export const tellJson = (json: string): void => void process.stderr.write(`${json}\n`)
