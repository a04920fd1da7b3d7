/** Milliseconds; nodes' clocks may differ. */
const LONGEST_CHECK = 3_600_000

/** Another node may check at the same time. `random`: hexadecimal. */
export const testTable = (now: number, random: string): string => `check_t${now.toString(36)}x${random}`

/** Tables of checks whose agent ended before it could drop them; earlier versions wrote no time into the name. Pure. */
export const leftBehind = (names: readonly string[], now: number): readonly string[] =>
  names.filter((name) => {
    const time = /^check_t([0-9a-z]{8,9})x[0-9a-f]{12}$/.exec(name)?.[1]
    return time === undefined ? /^check_[0-9a-f]{12}$/.test(name) : Math.abs(now - Number.parseInt(time, 36)) > LONGEST_CHECK
  })
