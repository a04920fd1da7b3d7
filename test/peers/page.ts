import { execFileSync } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { EXECUTABLE } from '../support/cluster.ts'
import { FAULTS } from './faults.ts'
import { LONGEST } from './measure.ts'
import { notesOn } from './notes.ts'
import { HEAD, type Row, cellsOf } from './row.ts'

const PACKAGES = ['mariadb-server', 'galera-4', 'resource-agents'] as const

/** docs/side-by-side.md: what was compared and how, the table, and what the rows that are not plain mean. */
export function page(rows: readonly Row[]): string {
  const versions = [...PACKAGES.map((name) => `${name} ${execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], { encoding: 'utf8' })}`), `galeractl ${execFileSync(EXECUTABLE, ['--version'], { encoding: 'utf8' }).trim().replace(/^galeractl /, '')}`]
  return `${[INTRODUCTION, `Versions: ${versions.join(', ')}.`, DRIVEN, AGAIN, faultList(rows), REPORTED, tableOf(rows), RUN(), ...notesOn(rows)].join('\n\n')}\n`
}

const INTRODUCTION = `# Side by side

The same faults on a cluster of three nodes under three tools that bring Galera nodes back: what Debian's MariaDB packages do at boot, the galera agent of Debian's package resource-agents, and galeractl. Written by the script in \`test/peers/\`; every value in the table was measured by it in one run.`

const DRIVEN = `How each is driven (three nodes on loopback addresses, each taken as a host of its own, a new cluster for each fault):

- **galera_recovery + galera_new_cluster**: systemd does not run where the script runs, so it does what mariadb.service says: the unit's \`ExecStart\` (\`/usr/bin/galera_recovery\`, then mariadbd with the position that it prints) as user mysql when the host comes up, and again 5 s after an end by a signal, not after an exit code (\`Restart=on-abnormal\`). Galera's default settings, rsync for state transfers. Nothing runs \`galera_new_cluster\` by itself. Where the cluster is not back, the way by hand follows: all mariadbd are stopped (SIGKILL for one that has not heeded SIGTERM for 30 s), \`--wsrep-new-cluster\` (what \`galera_new_cluster\` puts into the unit's environment) on the node whose grastate.dat says \`safe_to_bootstrap: 1\`, else on the one for which \`galera_recovery\` prints the highest seqno, its flag set to 1; then the others are started. This operator does not take a flag 1 beside a nil UUID for an answer.
- **resource-agents galera**: the unchanged agent with the same MariaDB settings. In pacemaker's place a small loop calls its actions, and stand-ins for \`crm_attribute\`, \`crm_mon\` and \`cibadmin\` keep the attributes in files. The loop follows pacemaker's rules for a promotable clone: probe, start, promote those with a score, monitor every 10 s (promoted) or 30 s, demote, stop and start after a failure, none again after a failed start, everything stopped without quorum, a node's transient attributes forgotten when it leaves. Fencing is taken as done, and an orderly stop is a standby of the node. Pacemaker's and corosync's own time is not in the seconds.
- **galeractl**: the built executable with the settings of its own setup (its own state transfer, shorter timers); \`galeractl start\` on each host that comes up. A power cut takes its agents too.

In i a person goes on without n3: with the stock packages by the way by hand on n1 and n2; with the galera agent by taking n3 out of the resource's \`wsrep_cluster_address\` until it comes; with galeractl by \`galeractl bootstrap --force --reason … --yes-lose n3\` on n1.`

const AGAIN = `To run it again (as root on Debian; installs what is missing; uses 127.0.71.x to 127.0.73.x; about 20 minutes):

\`\`\`
npm run peers -- --markdown docs/side-by-side.md
\`\`\`

\`--faults bf\` takes only some faults, \`--tool galeractl\` only the tools whose names begin so.`

const REPORTED = `"Came back by itself": all three nodes Primary and Synced within ${LONGEST} s, nobody doing anything. "One history": all serving nodes are one component with one state UUID that is not nil, and hold the same rows. "Rows lost": rows that were acknowledged to the client (15 or more in each run) and are missing on a serving node. "Seconds": from the arrival of the last host until all three serve; by hand, from the operator's first command, who knows at once what to do.`

const RUN = () => `Seconds are of one run (${availableParallelism()} cores, load average ${loadavg()[0]?.toFixed(1)} in its last minute); compare them only with each other.`

function faultList(rows: readonly Row[]): string {
  const run = FAULTS.filter((fault) => rows.some((row) => row.fault === fault))
  return ['The faults; before each, every node has written and applied some rows:', '', ...run.map(({ letter, title }) => `- **${letter}**: ${title}`)].join('\n')
}

function tableOf(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(HEAD), line(HEAD.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n')
}
