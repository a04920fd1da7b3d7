import { signalProcess } from '../system/processes.ts'
import { DEMO_COMMAND, type Demo, demoPids } from './place.ts'

/** SIGKILL of every agent and every mariadbd at the same moment: a power cut. */
export async function demoOutage(demo: Demo, print: (text: string) => void): Promise<number> {
  const killed = (await demoPids(demo)).filter((pid) => signalProcess(pid, 'SIGKILL'))
  print(killed.length === 0 ? `Nothing runs. Next: ${DEMO_COMMAND} demo resume${demo.option}` : `SIGKILL to ${killed.length} processes: three agents and three mariadbd. Nothing runs any more.\nNext: ${DEMO_COMMAND} demo resume${demo.option}`)
  return 0
}
