import { NODE_NAME } from './endpoint.ts'

/** Whether a node was named: by itself, or among several plain names with commas. A name that has a comma counts only whole. */
export function isNamed(name: string, given: readonly string[]): boolean {
  const arePlain = (names: readonly string[]) => names.every((one) => NODE_NAME.test(one))
  return given.some((one) => one === name || (arePlain(one.split(',')) && one.split(',').includes(name)))
}
