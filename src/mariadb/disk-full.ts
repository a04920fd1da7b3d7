/** What mariadbd, its libraries and the scripts of state transfers write where a disk is full: errno 28 in words or as a number [ran]. */
const FULL = /\berror:? (number )?28\b|\berrno: ?28\b|No space left on device|Disk full|The table '[^']*' is full/i

/** The last line of a log that tells of a full disk, without its time; null where none does. */
export function diskFullLine(log: string): string | null {
  const line = log.split('\n').findLast((one) => FULL.test(one))
  return line === undefined ? null : line.replace(/^\d{4}-\d\d-\d\d +[\d:]+ \d+ /, '').trim().slice(0, 300)
}
