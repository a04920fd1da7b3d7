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

/** Opened for that work: what opens only after the end is closed at once, or it would keep the process. */
export async function openedFor<Opened extends Disposable>(opened: AsyncDisposableStack, opening: Promise<Opened>): Promise<Opened> {
  const one = await opening
  if (!opened.disposed) return opened.use(one)
  one[Symbol.dispose]()
  throw new Error('the work was called off')
}
