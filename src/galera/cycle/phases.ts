import type { Task } from './state.ts'

export interface PhaseRow {
  readonly does: string
  /** What takes it on; `time`: the clock. */
  readonly until: string
  readonly next: readonly Task['at'][]
}

/** What an agent may be at, and what can follow: the table that docs and `explain --phases` print, and that each step of the simulation is held against. */
export const PHASES: Readonly<Record<Task['at'], PhaseRow>> = {
  resting: { does: 'No server runs and none is to run; every two seconds it looks whether somebody has started one.', until: 'time, or a start', next: ['looking'] },
  looking: {
    does: 'Looks at the gear\'s server: whether it runs, its status and view, gvwstate.dat. What it shows is in the ledger before anybody is told.',
    until: 'the look',
    next: ['resting', 'reading', 'asking', 'watching', 'asking-live', 'fencing', 'ending', 'backing-off'],
  },
  reading: { does: 'Reads how far the data of the stopped node goes, once for each stop.', until: 'the position', next: ['asking', 'resting', 'backing-off', 'reading', 'looking'] },
  asking: { does: 'Asks every peer at once, then decides by the rules and records the decision.', until: 'all answers, or silence', next: ['pausing', 'preparing', 'backing-off', 'looking', 'resting'] },
  pausing: { does: 'Waits, or was refused by a rule or by the fence: asks again soon, later once a second.', until: 'time', next: ['looking'] },
  preparing: { does: 'Looks at what must hold before a launch: scripts, certificate.', until: 'done', next: ['fencing', 'making-room', 'pausing', 'backing-off', 'looking', 'resting'] },
  fencing: {
    does: 'Has every reachable peer acknowledge its choice; its own acknowledgement is in the ledger first.',
    until: 'all answers, or silence',
    next: ['launching', 'confirming', 'pausing', 'watching', 'backing-off', 'looking', 'resting'],
  },
  'making-room': { does: 'Before a join: moves data aside that must not be lost, and makes an empty datadir where there is none.', until: 'done', next: ['launching', 'backing-off', 'looking', 'reading', 'resting'] },
  launching: { does: 'The ledger says what is begun; mariadbd is started with the position and the peers that are online.', until: 'its pid', next: ['looking', 'backing-off', 'reading', 'resting'] },
  watching: { does: 'A server runs: until the next look, a moment while it joins, half a second when it is up.', until: 'time, or an event', next: ['looking'] },
  'asking-live': { does: 'Asks every peer while the own server runs: are they still one cluster, may it be made primary, is anybody Primary to join?', until: 'all answers, or silence', next: ['looking', 'watching', 'ending'] },
  confirming: { does: 'The fence is held for a repair in place: looks once more whether the component is still outside.', until: 'the look', next: ['repairing', 'watching', 'ending', 'asking-live', 'resting', 'reading', 'asking', 'backing-off', 'looking'] },
  repairing: { does: 'Makes its component primary in place (pc.bootstrap), under the fence.', until: 'the statement', next: ['watching', 'looking'] },
  ending: { does: 'Ends the server, for a stop or for a reason that is told.', until: 'its end', next: ['watching', 'recording-stop', 'reading', 'resting', 'backing-off', 'looking', 'asking'] },
  'recording-stop': { does: 'Records where the server stopped in order.', until: 'grastate.dat', next: ['announcing-stop', 'reading', 'resting'] },
  'announcing-stop': { does: 'Says to every peer that the node left in order, and how far its data goes.', until: 'all have heard, or silence', next: ['reading', 'resting'] },
  'backing-off': { does: 'An attempt failed: it is tried again, each time a little later, at most a minute.', until: 'time, or a start', next: ['looking'] },
}

/** Markdown, or aligned lines for a terminal. */
export function renderPhases(as: 'markdown' | 'text'): string {
  const rows = Object.entries(PHASES)
  if (as === 'markdown') return ['| phase | what the agent does | until | then |', '| --- | --- | --- | --- |', ...rows.map(([name, { does, until, next }]) => `| ${name} | ${does} | ${until} | ${next.join(', ')} |`)].join('\n')
  return rows.map(([name, { does, until, next }]) => `${name}\n   ${does}\n   Until: ${until}. Then: ${next.join(', ')}.`).join('\n')
}
