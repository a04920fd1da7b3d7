import { Listr } from 'listr2'
import { describe, type Progress, type Tell } from '../system/progress.ts'
import { tellJson, tellPeople, visible } from '../system/screen.ts'
import type { Context } from './command.ts'

/** Where nobody watches, a line this often in one step. Milliseconds. */
const LINE_INTERVAL = 10_000

/**
 * Runs a long work with its progress: one line that changes on a terminal, lines elsewhere, JSON lines with --json. On stderr where
 * stdout carries data.
 */
export async function withProgress<Value>(context: Context, title: string, stdout: 'results' | 'data', work: (tell: Tell) => Promise<Value>): Promise<Value> {
  if (context.json) {
    const print = stdout === 'results' ? context.print : tellJson
    return work((progress) => print(JSON.stringify(progress)))
  }
  if (!process.stderr.isTTY) return work(lines())
  let show: Tell | null = null
  const { promise: begun, resolve: begin } = Promise.withResolvers<Progress>()
  const working = work((progress) => (show === null ? begin(progress) : show(progress)))
  // Only with the first step, so that a question before it is not painted over.
  const first = await Promise.race([begun, working.then(() => null)])
  if (first === null) return working
  const task = { title: visible(title), task: async (_: unknown, line: { output: string }) => {
    show = (progress) => (line.output = visible(describe(progress)))
    show(first)
    await working
  } }
  await new Listr([task], { renderer: 'default', exitOnError: true }).run()
  return working
}

function lines(): Tell {
  let told = { step: '', at: -Infinity }
  return (progress) => {
    const now = performance.now()
    // A count in it makes no other step.
    const step = progress.step.replaceAll(/\d+/g, '')
    if (step === told.step && now - told.at < LINE_INTERVAL) return
    told = { step, at: now }
    tellPeople(describe(progress))
  }
}
