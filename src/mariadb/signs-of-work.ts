import { readFile, stat } from 'node:fs/promises'
import { processSession } from '../system/processes.ts'

/** CPU time of a process, in clock ticks (/proc/PID/stat, utime and stime). */
const CPU = [11, 12] as const

/**
 * A text that changes whenever mariadbd, or a script that it has started, does anything: CPU time and bytes read and written of all
 * processes of its session, and the size of its log. While its group communication runs, keepalives are read every second [ran].
 * '' where the kernel does not tell that of mariadbd: then nothing is concluded.
 * @throws UnknownProcessError where /proc does not answer
 */
export async function signsOfWork(pid: number, log: string): Promise<string> {
  const session = await processSession(pid)
  const each = await Promise.all(session.map(async (one) => ({ pid: one.pid, cpu: await cpu(one.pid), io: await io(one.pid) })))
  const own = each.find((one) => one.pid === pid)
  if (own === undefined || own.cpu === '' || own.io === '') return ''
  return [...each.map((one) => `${one.pid}:${one.cpu}:${one.io}`).toSorted(), await stat(log).then(({ size }) => size, () => 0)].join(' ')
}

const cpu = (pid: number): Promise<string> =>
  readFile(`/proc/${pid}/stat`, 'utf8').then((text) => {
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return CPU.map((at) => fields[at]).join('+')
  }, () => '')

const io = (pid: number): Promise<string> => readFile(`/proc/${pid}/io`, 'utf8').then((text) => (text.match(/\d+/g) ?? []).join('+'), () => '')
