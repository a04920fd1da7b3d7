import type { Command } from './command.ts'
import { settingOptions } from './setting-options.ts'

const timeout = { flags: '--timeout <seconds>', description: 'How long to wait; overrides start-timeout or stop-timeout.' }

const user = { flags: '--user <name>', description: 'OS user that owns the gear and runs mariadbd. As root the default is mysql.' }

/** Every command of galeractl. The reference page and --help come from this table. */
export const COMMANDS: readonly Command[] = [
  { name: 'setup', summary: 'make a gear, or apply changed settings to it', description: 'Makes the folders, datadir, users, my.cnf and secrets of one node. Run again, it changes nothing; a changed setting is applied and shown.', options: [user, ...settingOptions], load: () => import('./setup.ts') },
  { name: 'config', summary: 'show every setting and where it comes from', load: () => import('./config.ts') },
  { name: 'start', summary: 'start the node and wait until it is Synced', description: 'Returns 0 when Synced, 4 when the time is up while the agent goes on, 3 when starting would be unsafe.', options: [timeout], load: () => import('./start.ts') },
  { name: 'stop', summary: 'stop the node gracefully', description: 'SIGTERM, and SIGKILL when the time is over. The position and the clean departure are recorded.', options: [timeout, { flags: '--keep-agent', description: 'Keep the agent, so that peers can still ask for the position.' }], load: () => import('./stop.ts') },
  { name: 'restart', summary: 'stop and start', options: [timeout], load: () => import('./restart.ts') },
  { name: 'reload', summary: 'have the agent read its settings, peer list and certificate again', load: () => import('./reload.ts') },
  { name: 'status', summary: 'show the node and what it sees of the cluster', description: 'Returns 0 when the node is Synced, 3 with an alarm that needs a person, 4 while it starts or waits, 5 when it is stopped or has failed.', load: () => import('./status.ts') },
  { name: 'check', summary: 'is the cluster functioning?', description: 'Sizes, views and histories agree; the votes are an odd number; a row written here is read on every other node; what must be equal is equal. Returns 5 where it is not.', load: () => import('./check.ts') },
  { name: 'events', summary: 'show what mariadbd told of its views and states', description: 'The event log, oldest first; with --json a line of JSON each. Needs no agent.', options: [{ flags: '--follow', description: 'Go on with new events until SIGINT or SIGTERM.' }, { flags: '--since <time>', description: 'Only events of the last 90s, 15m, 2h or 7d, or since a moment (ISO 8601).' }], load: () => import('./events.ts') },
  { name: 'archive', summary: 'show the archive of binary logs, and its gaps', description: 'For each history what each node has archived, and what nobody has. Returns 5 with a gap in the present history. Needs no agent. `archive prune --before TIME` removes whole files of all nodes from the old end.', arguments: '[verb]', options: [{ flags: '--before <time>', description: 'For prune: remove files whose last transaction is older than 90s, 15m, 2h or 7d, or than a moment (ISO 8601).' }], load: () => import('./archive.ts') },
  { name: 'metrics', summary: 'print the agent\'s metrics in Prometheus\' text format', description: 'The same as /metrics on the agent\'s port.', load: () => import('./metrics.ts') },
  { name: 'explain', summary: 'show the decision that start would take, and why', description: 'Asks the peers and prints the rule, the reason and the evidence. Does nothing.', options: [{ flags: '--rules', description: 'Print all rules with their reasons instead.' }], load: () => import('./explain.ts') },
  { name: 'bootstrap', summary: 'go on without nodes that will not come back, by an operator\'s word', description: 'For a cluster that waits for members of its newest view that are gone for good. Shows what may be lost, asks for the name of each node that is given up, and records the reason. Run it on the node that is furthest; elsewhere it says which.', options: [{ flags: '--force', description: 'Really do it; without it nothing is done.' }, { flags: '--reason <text>', description: 'Why the missing nodes are given up; recorded.' }, { flags: '--yes-lose <name...>', description: 'Name of a node that is given up; for each that is missing, instead of typing it.' }, timeout], load: () => import('./bootstrap.ts') },
  { name: 'rescued', summary: 'list datadirs that were moved aside, and what only they may hold', load: () => import('./rescued.ts') },
  { name: 'run', summary: 'agent and node in the foreground', description: 'For containers (also as PID 1) and for systemd with Type=notify. Makes the gear first where there is none, and applies changed settings. SIGTERM stops the node gracefully.', options: [user, ...settingOptions], load: () => import('./run.ts') },
  { name: 'agent', summary: 'the agent alone, in the foreground', load: () => import('./agent.ts') },
  { name: 'tidy', summary: 'remove old logs and state files that were set aside', load: () => import('./tidy.ts') },
  { name: 'publish', summary: 'print this gear\'s endpoint for its peers', arguments: '[gear-name] [namespace] [gear-uuid]', options: [{ flags: '--connection-info', description: 'Print what applications need to connect instead.' }], load: () => import('./publish.ts') },
  { name: 'subscribe', summary: 'replace the peer list by the membership that the platform passes', arguments: '[gear-name] [namespace] [gear-uuid] [membership]', load: () => import('./subscribe.ts') },
  { name: 'connection-info', summary: 'print host, port, user, password and URL for applications', load: () => import('./connection-info.ts') },
  { name: 'notify', summary: 'append an event to the spool, as hooks/notify does', raw: true, arguments: '[arguments...]', load: () => import('./notify.ts') },
  { name: 'sst-account', summary: 'print the SQL that makes the users of state transfers', description: 'For a cluster that was made with another sst-method, or before TLS was turned on or off: run what it prints on one node, as a user who may. It shows hashes, no passwords.', load: () => import('./sst-account.ts') },
  { name: 'sst-mysqldump', summary: 'what mariadbd calls as wsrep_sst_mysqldump', raw: true, hidden: true, arguments: '[arguments...]', load: () => import('./sst-mysqldump.ts') },
  { name: 'snapshot', summary: 'not in this version', raw: true, arguments: '[arguments...]', load: () => import('./not-in-this-version.ts') },
  { name: 'restore', summary: 'not in this version', raw: true, arguments: '[arguments...]', load: () => import('./not-in-this-version.ts') },
  { name: 'cartridge', summary: 'entry point of the platform\'s bin/ scripts', description: 'Scripts: setup, install, post_install, control VERB, teardown, upgrade.', raw: true, arguments: '<script> [arguments...]', load: () => import('./cartridge.ts') },
  { name: 'demo', summary: 'a three-node cluster on loopback addresses', description: 'Verbs: up (default), status, outage (SIGKILL of everything), resume, down.', arguments: '[verb]', options: [{ flags: '--dir <folder>', description: 'Where the gears are kept; default .demo in the current folder.' }], load: () => import('./demo.ts') },
]
