import type { OperationId } from '../src/api.gen.ts'
import type { App } from '../src/app.ts'
import type { Scope } from '../src/kernel/scope.ts'

/** Stands in a body for an id that every request needs anew. */
export const FRESH_ID = '[<id>]'

/** Stands in a path for the reservation that the same connection's request before it made. */
export const RESERVED_ID = 'id-of-the-reservation'

/** One operation of the contract with its input, as the handlers take it. */
export type OperationCall = {
  readonly operation: OperationId
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | Readonly<Record<string, string>>>>
  readonly body?: unknown
}

/** The application over the server's own database, in the process of the bench. */
export type World = {
  readonly app: App
  readonly scope: Scope
  /** Runs an operation by its handler, without HTTP. */
  run(call: OperationCall): Promise<unknown>
  /** Runs SQL that has no parameters, for filling tables. */
  execute(text: string): Promise<void>
}

export type BaselineName = 'fastify' | 'handwritten' | 'sql' | 'static'

/** A part of what a baseline does, or so many records a second. */
export type Target =
  | { readonly baseline: BaselineName; readonly ratio: number }
  | { readonly recordsPerSecond: number }

export type Scenario = {
  readonly name: string
  readonly title: string
  readonly connections: number
  readonly baselines: readonly BaselineName[]
  readonly target: Target | null
  /** Length of the halves that do not count, if they have to be longer than the others. */
  readonly warmUpSeconds?: number
  /** How many records of usage a call writes. Those that say it have a table of their own. */
  readonly records?: number
  /**
   * SQL that counts what the calls write. Without it sides are compared by the records that they
   * answer and the changes that they announce.
   */
  readonly written?: string
  /** Writes what the calls need. Runs once, before the calls are recorded. */
  prepare(world: World): Promise<void>
  /**
   * What one connection does, over and over. A write changes something each time, so that the
   * neighbours in this list and its two ends differ. Two connections touch one customer only where
   * that is what is measured. One that names `RESERVED_ID` makes a whole with the one before it,
   * and is counted with it as one.
   */
  calls(connection: number): readonly OperationCall[]
}

type Parameter = string | number | boolean | Buffer | null | readonly Parameter[]

/**
 * A parameter that holds ids which were made for this one run, or digests of its keys: each replay
 * needs its own. Of every text in it the pieces at odd places are such.
 */
export type Fresh = {
  readonly index: number
  readonly texts: readonly (readonly string[] | null)[]
}

/** A statement that the real command sent, and how many answers it had waited for before. */
export type Step = {
  readonly name: string | null
  readonly text: string
  readonly values: readonly Parameter[]
  readonly after: number
  readonly fresh: readonly Fresh[]
}

export type Steps = readonly Step[]

/** A call as HTTP, and what it made the database do. */
export type Turn = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** In the router's form: `/customers/:id`. */
  readonly route: string
  readonly path: string
  readonly body: string | null
  /** Of a turn whose statements no side sends: none. */
  readonly recording: Steps
}

/** Per connection, in the order in which that connection takes them. */
export type Lanes = readonly (readonly Turn[])[]

/** What was counted in one half of a pair. */
export type Count = {
  /** Where several make one call, calls. */
  readonly requests: number
  readonly seconds: number
  /** null for a loop that is no HTTP. */
  readonly p99Ms: number | null
}

/** The figures of one half of a pair. */
export type Half = {
  readonly perSecond: number
  readonly p99Ms: number | null
  /** Processor time that the process under test took for a request; the database's is not in it. */
  readonly cpuMs: number
}
