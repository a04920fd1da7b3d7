import type { Decision, RunningDecision } from '../galera/decision.ts'

/** A decision for people: what, why, by which rule, on what evidence. */
export function renderDecision(decision: Decision | RunningDecision): string {
  const hint = 'hint' in decision ? [`  → ${decision.hint}`] : []
  return [`${TITLE[decision.do]}: ${decision.reason}`, ...hint, `Rule: ${decision.rule}`, 'Evidence:', ...decision.evidence.map((line) => `  - ${line}`)].join('\n')
}

const TITLE = { join: 'Join', reform: 'Re-form together', bootstrap: 'Bootstrap', repair: 'Repair in place', leave: 'Stop and join again', wait: 'Wait', refuse: 'Refuse' } as const

/** A rule's reason without the mark that it was measured. */
export const ruleReason = (why: string): string => why.replaceAll(/ \[(ran|code)[^\]]*\]/g, '')
