/** Exit codes of every command (DESIGN: told apart by who can act). */
export const EXIT = { done: 0, bug: 1, usage: 2, refused: 3, notYet: 4, outside: 5 } as const

export interface Fault {
  /** Stable, kebab-case: what is wrong. */
  readonly code: string
  /** The fact with its value. */
  readonly message: string
  /** The next step, as an imperative. */
  readonly hint: string
}

export interface ErrorShape {
  readonly code: string
  readonly exitCode: number
  readonly message: string
  readonly hint: string
  readonly faults?: readonly Fault[]
}

/** An outcome whose message is already clear to the user; everything else that is thrown is a bug of ours. */
export abstract class GaleractlError extends Error {
  abstract readonly exitCode: number
  readonly code: string
  readonly hint: string

  constructor(code: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    this.hint = hint
  }

  toShape(): ErrorShape {
    return { code: this.code, exitCode: this.exitCode, message: this.message, hint: this.hint }
  }
}

/** Exit 2: a wrong argument or setting; the user can mend it. */
export class UsageError extends GaleractlError {
  readonly exitCode = EXIT.usage
}

/** Exit 2: every fault of a configuration or preflight at once, each with its fix. */
export class FaultsError extends GaleractlError {
  readonly exitCode = EXIT.usage
  readonly faults: readonly Fault[]

  constructor(what: string, faults: readonly Fault[]) {
    super('faults', `${what}: ${faults.length} problem${faults.length === 1 ? '' : 's'}`, 'Fix the problems above and run the command again.')
    this.faults = faults
  }

  override toShape(): ErrorShape {
    return { ...super.toShape(), faults: this.faults }
  }
}

/** Exit 3: not done, because it could fork the cluster or lose data; a person must decide. */
export class RefusedError extends GaleractlError {
  readonly exitCode = EXIT.refused
}

/** Exit 4: the time budget ended while the work goes on; trying again is right. */
export class NotYetError extends GaleractlError {
  readonly exitCode = EXIT.notYet
}

/** Exit 5: mariadbd, the disk, a peer or another program failed. */
export class OutsideError extends GaleractlError {
  readonly exitCode = EXIT.outside
}

/** An error that another galeractl process reported, with the exit code it chose. */
export class ReportedError extends GaleractlError {
  readonly exitCode: number
  readonly faults: readonly Fault[]

  constructor(shape: ErrorShape) {
    super(shape.code, shape.message, shape.hint)
    this.exitCode = shape.exitCode
    this.faults = shape.faults ?? []
  }

  override toShape(): ErrorShape {
    return { ...super.toShape(), ...(this.faults.length > 0 ? { faults: this.faults } : {}) }
  }
}
