import { OutsideError } from '../errors.ts'

/** A signal that aborts on SIGTERM, SIGINT or SIGHUP, so that work in hand can end in order. */
export function abortOnSignals(): AbortSignal {
  const abort = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => {
      process.exitCode = 5
      abort.abort(new OutsideError('ended', `ended by ${name}`, 'Nothing half-made is left; run the command again.'))
    })
  }
  return abort.signal
}
