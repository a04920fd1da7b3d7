import { ownCommand } from './processes.ts'

/**
 * The shell that takes our place as PID 1: it starts the command, passes signals on, and reaps every
 * orphan, which Node does not do. `wait` returns when a signal came, so it is called until the child is gone.
 */
const INIT = [
  '"$@" & child=$!',
  "trap 'kill -TERM $child 2>/dev/null' TERM INT HUP",
  'while kill -0 $child 2>/dev/null; do wait $child; status=$?; done',
  'exit $status',
].join('\n')

/** Replaces this process, which is PID 1, by an init that runs the same command as its child. Does not return. */
export function becomeInit(): void {
  const { file, args } = ownCommand()
  process.execve?.('/bin/sh', ['sh', '-c', INIT, 'init', file, ...args, ...process.argv.slice(2)], process.env as Record<string, string>)
}
