import { answerProposal } from '../fence.ts'
import { goAlong } from '../go-along.ts'
import { decide, decideNonPrimary } from '../rules/decide.ts'

/** The pure functions that the cycle goes by. A simulation may put a faulty one in their place, to see that it is caught. */
export interface Rules {
  readonly decide: typeof decide
  readonly decideNonPrimary: typeof decideNonPrimary
  readonly answerProposal: typeof answerProposal
  readonly goAlong: typeof goAlong
}

export const SHIPPED: Rules = { decide, decideNonPrimary, answerProposal, goAlong }
