/** Does the work until the signal comes, which closes what was opened for it and is what it then fails with. */
export async function endedBy<Value>(signal: AbortSignal | undefined, opened: AsyncDisposableStack, work: () => Promise<Value>): Promise<Value> {
  signal?.throwIfAborted()
  const end = () => void opened.disposeAsync().catch(() => undefined)
  signal?.addEventListener('abort', end, { once: true })
  try {
    return await work()
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', end)
  }
}
