import { buildProgram } from '../src/cli.ts'
import { ruleReason } from '../src/commands/decision-text.ts'
import { settingOptions } from '../src/commands/setting-options.ts'
import { COMMANDS } from '../src/commands/table.ts'
import { SETTINGS } from '../src/config/settings.ts'
import { SEED_LISTS, SHARED } from '../src/config/shared-variables.ts'
import { EXIT } from '../src/errors.ts'
import { INVARIANTS } from '../src/galera/cycle/invariants.ts'
import { renderPhases } from '../src/galera/cycle/phases.ts'
import { NON_PRIMARY_RULES, RULES } from '../src/galera/rules/decide.ts'

/** The pages of docs/ that are generated from the code, by file name. */
export function generatedPages(): Readonly<Record<string, string>> {
  return { 'settings.md': settingsPage(), 'commands.md': commandsPage(), 'rules.md': rulesPage(), 'phases.md': phasesPage() }
}

const NOTE = '<!-- Generated from the code by `npm run docs`. -->\n\n'
const cell = (text: string) => text.replaceAll('|', '\\|')
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')

function settingsPage(): string {
  const rows = SETTINGS.map((setting) => [
    setting.secret ? `\`--${setting.name}-file\`` : `\`--${setting.name}\``,
    `\`${setting.variable}\`${setting.aliases.map((alias) => `<br>\`${alias}\``).join('')}`,
    setting.fallback === '' ? '' : `\`${setting.fallback}\``,
    setting.description,
  ])
  const shared = [
    [`\`${SHARED.peers}\``, 'All nodes, this one included, in the order of the platform: `NAME/HOST/SQL/GROUP/IST/SST/AGENT`, separated by commas. Replaced whole by `subscribe`.'],
    [`\`${SHARED.peersTime}\``, 'When the list was last replaced (ISO 8601).'],
    [`\`${SHARED.formerPeers}\``, 'Nodes that were once listed and are no more: absence from the list is no proof of removal.'],
    [Object.values(SEED_LISTS).map((name) => `\`${name}\``).join('<br>'), 'Lists of older cartridges, `host:port` each; read together where `GALERACTL_PEERS` is not set.'],
  ]
  return `# Settings\n\n${NOTE}Every value is taken from the first of: option, environment, shared variable (one file each in the gear's \`env/\`), \`gear.env\`, default. \`galeractl config\` prints each value with where it came from. Options are kept in \`gear.env\` by \`galeractl setup\`. Secrets come from files, the environment or shared variables, never from the command line.\n\n${table(['option', 'variable and its aliases', 'default', 'meaning'], rows)}\n\nOwn server settings go into \`conf/conf.d/*.cnf\` of the gear: they are read last and win, but for what [galeractl must own](own-settings.md).\n\n## Shared variables\n\n${table(['variable', 'content'], shared)}\n`
}

function commandsPage(): string {
  const program = buildProgram(async () => undefined)
  const sections = COMMANDS.map((command) => {
    const sub = command.name.split(' ').reduce<typeof program | undefined>((parent, word) => parent?.commands.find((one) => one.name() === word), program)
    const usage = `galeractl ${command.name}${command.options === undefined ? '' : ' [options]'}${command.arguments === undefined ? '' : ` ${command.arguments}`}`
    const takesSettings = command.name === 'setup' || command.name === 'run'
    const settings = new Set(settingOptions.map(({ flags }) => flags))
    const rows = (sub?.options ?? []).filter((option) => !['--gear', '--json'].includes(option.long ?? '') && !(takesSettings && settings.has(option.flags))).map((option) => [`\`${option.flags}\``, option.description])
    const list = [takesSettings ? 'Takes every [setting](settings.md) as an option, and:' : '', rows.length === 0 ? '' : table(['option', ''], rows)].filter((part) => part !== '').join('\n\n')
    return [`## ${command.name}`, `\`${usage}\``, command.description ?? `${command.summary[0]?.toUpperCase()}${command.summary.slice(1)}.`, list].filter((part) => part !== '').join('\n\n')
  })
  const meaning: Readonly<Record<keyof typeof EXIT, string>> = {
    done: 'done',
    bug: 'a bug of galeractl',
    usage: 'usage or configuration: the user can mend it',
    refused: 'refused for safety: a person must decide',
    notYet: 'not yet: still waiting when the time was up; trying again is right',
    outside: 'something outside failed: mariadbd, disk, peer',
  }
  const codes = Object.entries(EXIT).map(([name, code]) => [String(code), meaning[name as keyof typeof EXIT]])
  return `# Commands\n\n${NOTE}Every command takes \`--gear DIR\` (default \`$GALERACTL_GEAR\`), \`--json\` and \`--help\`. Results go to stdout, progress and errors to stderr.\n\n## Exit codes\n\n${table(['code', 'meaning'], codes)}\n\n${sections.join('\n\n')}\n`
}

function phasesPage(): string {
  const invariants = INVARIANTS.map(({ name }) => `- ${name}`).join('\n')
  return `# The phases of an agent\n\n${NOTE}What an agent does is one pure function (\`src/galera/cycle/step.ts\`): its state and an input (a look at the server, answers of peers, a message, a command, the clock) give the new state, what the ledger must say, and what is to be done. The new state becomes true, and its effects are carried out, only when the ledger is on the disk; a crash between leaves the old state or the new one. The agent carries effects out, the [simulation](proof.md) carries the same ones out on models. \`galeractl explain --phases\` prints this table.\n\n${renderPhases('markdown')}\n\nChecked after each step of the simulation:\n\n${invariants}\n`
}

function rulesPage(): string {
  const text = (rule: { name: string; why: string; invariant: string }, at: number) => `### ${at + 1}. ${rule.name}\n\n${ruleReason(rule.why)}\n\n*Invariant:* ${rule.invariant}`
  const chapters = ['## A stopped node', ...RULES.map(text), '## A server that runs outside a primary component', 'It serves nothing. Galera is given two seconds to merge it by itself; then the peers are asked, and these rules decide.', ...NON_PRIMARY_RULES.map(text)]
  return `# The rules\n\n${NOTE}Before mariadbd is started, a node reads how far its own data goes, asks every peer at once, and puts the answers to these rules. The first that applies decides; its name and the evidence go to the log, to the ledger and to \`galeractl explain\`. The rules are pure functions: the same facts give the same decision on every node, in whatever order the answers came. A silent peer is a fact, not an absence.\n\nA decision to bootstrap, to re-form or to repair in place is carried out only under the fence: the node proposes it, with an epoch one higher than anybody has seen, to every peer that answered. Each peer, and the node itself, checks the proposal against its own data and makes its acknowledgement durable; in one epoch a node acknowledges one choice only, and who has acknowledged another since it decided decides anew. One refusal, and everybody is asked again.\n\n${chapters.join('\n\n')}\n`
}
