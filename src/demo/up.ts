import { Listr } from 'listr2'
import { OutsideError } from '../errors.ts'
import type { RunResult } from '../system/processes.ts'
import { DEMO_COMMAND, DEMO_PEERS, type Demo, type DemoNode } from './place.ts'
import { withNode } from './sql.ts'
import { statusText } from './status.ts'

/** Makes what is missing, starts what is down, and shows that it works. */
export async function demoUp(demo: Demo, print: (text: string) => void): Promise<number> {
  const setUp = (node: DemoNode) => demo.galeractl(node, ['setup', '--name', node.name, '--address', node.address, '--cluster-name', 'demo', '--peers', DEMO_PEERS, '--secret-file', demo.secretFile])
  await steps('Making the gears', demo, setUp)
  await steps('Starting the nodes', demo, (node) => demo.galeractl(node, ['start']), true)
  const written = await writeAndRead(demo)
  print(await statusText(demo))
  print('')
  print(written)
  print(await nextSteps(demo))
  return 0
}

/** One line for each node, with progress; fails with what galeractl said. */
export async function steps(title: string, demo: Demo, work: (node: DemoNode) => Promise<RunResult>, concurrent = false): Promise<void> {
  const tasks = demo.nodes.map((node) => ({
    title: `${title}: ${node.name} on ${node.address}`,
    task: async (_: unknown, task: { title: string }) => {
      const started = performance.now()
      const result = await work(node)
      if (result.exitCode !== 0) throw new OutsideError('demo', `${node.name}: ${result.stderr.trim()}`, `Mend this and run galeractl demo again; to start from nothing: galeractl demo down, then remove ${demo.shown}.`)
      task.title += ` (${((performance.now() - started) / 1000).toFixed(1)} s)`
    },
  }))
  await new Listr(tasks, { concurrent, renderer: process.stderr.isTTY ? 'default' : 'simple', exitOnError: true }).run()
}

async function writeAndRead(demo: Demo): Promise<string> {
  const [writer, ...readers] = demo.nodes
  if (writer === undefined) return ''
  const word = `hello at ${new Date().toISOString()}`
  const id = await withNode(demo, writer, async (sql) => {
    await sql.query('CREATE TABLE IF NOT EXISTS greetings (id BIGINT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(100) NOT NULL)')
    const [result] = await sql.query('INSERT INTO greetings (word) VALUES (?)', [word])
    return (result as { insertId: number }).insertId
  })
  const lines = [`Written on ${writer.name}: "${word}"`]
  for (const reader of readers) {
    const [rows] = await withNode(demo, reader, (sql) => sql.query('SET STATEMENT wsrep_sync_wait=1 FOR SELECT word FROM greetings WHERE id = ?', [id]))
    const read = (rows as { word: string }[])[0]?.word
    if (read !== word) throw new OutsideError('demo', `${reader.name} reads ${JSON.stringify(read)}`, 'Run galeractl check on it.')
    lines.push(`Read on ${reader.name}:    "${read}"`)
  }
  return lines.join('\n')
}

async function nextSteps(demo: Demo): Promise<string> {
  const first = demo.nodes[0]
  if (first === undefined) return ''
  const { stdout } = await demo.galeractl(first, ['connection-info', '--json'])
  const info = JSON.parse(stdout) as { host: string; port: number; user: string; password: string; database: string }
  const command = DEMO_COMMAND
  const place = demo.option
  return [
    '',
    'Connect:',
    `  mariadb -h ${info.host} -P ${info.port} -u ${info.user} -p ${info.database}     (password: ${command} --gear ${demo.shown}/n1 connection-info)`,
    'Try:',
    `  ${command} demo outage${place}      SIGKILL every process of the three nodes`,
    `  ${command} demo resume${place}      bring the cluster back, with the decision and its reasons`,
    `  ${command} demo status${place}      look at it`,
    `  ${command} --gear ${demo.shown}/n2 check`,
    `  ${command} demo down${place}        stop it`,
  ].join('\n')
}
