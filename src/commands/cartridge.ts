import { UsageError } from '../errors.ts'
export async function run(): Promise<number> { throw new UsageError('x','x','x') }
