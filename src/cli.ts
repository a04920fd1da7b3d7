import { Command as Program, CommanderError, Option } from 'commander'
import manifest from '../package.json' with { type: 'json' }
import type { Command, Context } from './commands/command.ts'
import { COMMANDS, GROUPS } from './commands/table.ts'
import { EXIT, type Fault, UsageError } from './errors.ts'
import { errorShape } from './system/error-shape.ts'
import { humanLog, jsonLog } from './system/log.ts'
import { guardOutput } from './system/lost-output.ts'
import { print, printJson, tellJson, tellPeople } from './system/screen.ts'

/** Parses the arguments, runs the command, prints an error for people (or as JSON), sets the exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  let json = argv.includes('--json')
  // Until there is an outcome: one that is forgotten must not look like success.
  process.exitCode = EXIT.bug
  let failed = false
  const outputLost = guardOutput()
  process.once('exit', () => {
    const lost = outputLost()
    if (lost !== null && !failed) process.exitCode = report(lost, json)
  })
  try {
    const program = buildProgram(async (command, context, given, args) => {
      json = context.json
      const { run } = await command.load()
      process.exitCode = await run(context, given, args)
    })
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, json)
    failed = process.exitCode !== EXIT.done
  }
}

type Invoke = (command: Command, context: Context, given: Record<string, never>, args: readonly string[]) => Promise<void>

/** All commands as commander's objects; also the source of the reference page. */
export function buildProgram(invoke: Invoke): Program {
  const program = new Program('galeractl')
    .description('Runs the life of MariaDB Galera nodes: start, stop, resume without split brain, and says why.')
    .version(`galeractl ${manifest.version}`, '-V, --version', 'print the version')
    .option('--gear <dir>', 'folder of the gear; default $GALERACTL_GEAR')
    .option('--json', 'print results and errors as JSON')
    .enablePositionalOptions()
    .configureHelp({ sortSubcommands: false, helpWidth: 100, showGlobalOptions: true })
    .exitOverride()
    // Errors are told as all others are, by report().
    .configureOutput({ outputError: () => undefined })
  for (const command of COMMANDS) {
    const words = command.name.split(' ')
    const parent = words.length === 1 ? program : group(program, words[0] ?? '')
    const sub = parent.command(words.at(-1) ?? '', { hidden: command.hidden === true }).summary(command.summary).description(command.description ?? command.summary).exitOverride()
    sub.addOption(new Option('--gear <dir>').hideHelp()).addOption(new Option('--json').hideHelp())
    if (command.arguments !== undefined) sub.arguments(command.arguments)
    for (const option of command.options ?? []) sub.option(option.flags, option.description)
    if (command.raw) sub.passThroughOptions().allowUnknownOption()
    sub.action(async () => {
      const given = { ...program.opts(), ...sub.opts() } as Record<string, never>
      await invoke(command, await contextOf(given, command.name), given, sub.args)
    })
  }
  return program
}

/** `galeractl snapshot create`: the first word gathers commands that belong together. */
function group(program: Program, name: string): Program {
  const known = program.commands.find((one) => one.name() === name)
  return known ?? program.command(name).summary(GROUPS[name] ?? '').description(GROUPS[name] ?? '').exitOverride().enablePositionalOptions().configureHelp({ sortSubcommands: false, helpWidth: 100, showGlobalOptions: true })
}

async function contextOf(given: Record<string, string | boolean | undefined>, command: string): Promise<Context> {
  const level = process.env['GALERACTL_LOG_LEVEL'] ?? 'info'
  const daemon = command === 'agent' || command === 'run'
  const log = daemon && !process.stderr.isTTY ? jsonLog(level) : await humanLog(daemon ? level : 'warn')
  return {
    gear: typeof given['gear'] === 'string' ? given['gear'] : undefined,
    json: given['json'] === true,
    log,
    print: given['json'] === true ? printJson : print,
  }
}

/** @returns the exit code */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
  const shape = error instanceof CommanderError ? usage(error).toShape() : errorShape(error)
  if (json) tellJson(JSON.stringify({ error: shape }))
  else tellPeople([`galeractl: ${shape.message}`, ...faultLines(shape.faults ?? []), `  → ${shape.hint}`].join('\n'))
  return shape.exitCode
}

/** What commander found wrong with the arguments; in a second line it asks for what was meant. */
function usage(error: CommanderError): UsageError {
  const [message = '', meant = ''] = error.message.replace(/^error: /, '').split('\n')
  const asked = meant === '' ? '' : `${meant.replace(/^\(|\)$/g, '')} `
  return new UsageError(error.code.replace('commander.', ''), message, `${asked}See galeractl --help, or galeractl COMMAND --help.`)
}

function faultLines(faults: readonly Fault[]): readonly string[] {
  return faults.flatMap((fault) => [`  - ${fault.message}`, `    → ${fault.hint}`])
}

