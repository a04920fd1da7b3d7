import { Listr } from 'listr2'
import { describe, type Tell } from '../system/progress.ts'
import type { Context } from './command.ts'

/** Where nobody watches, a line this often in one step. Milliseconds. */
const LINE_INTERVAL = 10_000

/**
 * Runs a long work with its progress: one line that changes on a terminal, lines elsewhere, JSON lines with --json. On stderr where
 * stdout carries data.
 */
export async function withProgress<Value>(context: Context, title: string, stdout: 'results' | 'data', work: (tell: Tell) => Promise<Value>): Promise<Value> {
  if (context.json) {
    const print = stdout === 'results' ? context.print : (line: string) => void process.stderr.write(`${line}\n`)
    return work((progress) => print(JSON.stringify(progress)))
  }
  if (!process.stderr.isTTY) return work(lines())
  const { promise, resolve } = Promise.withResolvers<Value>()
  await new Listr([{ title, task: async (_, task) => resolve(await work((progress) => (task.output = describe(progress)))) }], { renderer: 'default', exitOnError: true }).run()
  return promise
}

function lines(): Tell {
  let told = { step: '', at: -Infinity }
  return (progress) => {
    const now = performance.now()
    // A count in it makes no other step.
    const step = progress.step.replaceAll(/\d+/g, '')
    if (step === told.step && now - told.at < LINE_INTERVAL) return
    told = { step, at: now }
    process.stderr.write(`${describe(progress)}\n`)
  }
}
