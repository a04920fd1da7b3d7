/** A signal that aborts on SIGTERM, SIGINT or SIGHUP, so that work in hand can end in order. */
export function abortOnSignals(): AbortSignal {
  const abort = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => {
      process.exitCode = 5
      abort.abort(new Error(`ended by ${name}`))
    })
  }
  return abort.signal
}
