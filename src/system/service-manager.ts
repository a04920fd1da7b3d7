import { run } from './processes.ts'

/** Tells systemd (Type=notify, NotifyAccess=all) how we are; nothing where no service manager asked for it. */
export async function notifyServiceManager(args: readonly string[]): Promise<void> {
  const socket = process.env['NOTIFY_SOCKET']
  if (socket === undefined) return
  await run('systemd-notify', [`--pid=${process.pid}`, ...args], { timeout: 5_000, env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' } }).catch(() => undefined)
}
