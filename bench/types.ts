import type { OperationId } from '../src/api.gen.ts'
import type { App } from '../src/app.ts'
import type { Scope } from '../src/kernel/scope.ts'

/** Placeholder in a body for an id that is new in each request. */
export const FRESH_ID = '[<id>]'

/** Placeholder in a path for the reservation that the previous request of the connection made. */
export const RESERVED_ID = 'id-of-the-reservation'

/** An operation with the input of its handler. */
export type OperationCall = {
  readonly operation: OperationId
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | Readonly<Record<string, string>>>>
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** The application in the process of the bench, on the server's database. */
export type World = {
  readonly app: App
  readonly scope: Scope
  /** Runs the handler of an operation, without HTTP. */
  run(call: OperationCall): Promise<unknown>
  /** Runs SQL without parameters, to fill tables. */
  execute(text: string): Promise<void>
}

export type BaselineName = 'fastify' | 'handwritten' | 'memory' | 'sql' | 'static'

/** A fraction of a baseline's rate, or a number of records per second. */
export type Target =
  | { readonly baseline: BaselineName; readonly ratio: number }
  | { readonly recordsPerSecond: number }

export type Scenario = {
  readonly name: string
  readonly title: string
  /** Of each server. */
  readonly connections: number
  /** How many servers on one database are measured together, 1 by default. */
  readonly servers?: 1 | 2
  /** Whether latency is also measured at half of the highest rate. */
  readonly isPaced?: boolean
  readonly baselines: readonly BaselineName[]
  readonly target: Target | null
  /** The length of the warm-up halves, if they must be longer than the others. */
  readonly warmUpSeconds?: number
  /** How many records of usage a call writes. Scenarios with this have a separate table. */
  readonly records?: number
  /**
   * SQL that counts what the calls write. Without it, the sides are compared by the records that
   * they return and the events that they publish.
   */
  readonly written?: string
  /** Writes the data that the calls need. Runs once, before the calls are recorded. */
  prepare(world: World): Promise<void>
  /**
   * Returns the calls that a connection repeats. Each write must change something, so neighbours in
   * the list, and its first and last call, must differ. Two connections use the same customer only
   * if the scenario measures that. A call with `RESERVED_ID` forms a unit with the previous call,
   * and they are counted as one.
   */
  calls(connection: number): readonly OperationCall[]
}

type Parameter = string | number | boolean | Buffer | null | readonly Parameter[]

/**
 * A parameter that contains ids or digests of keys that were made for this run. A replay replaces
 * them. In each text, they are the pieces at odd positions.
 */
export type Fresh = {
  readonly index: number
  readonly texts: readonly (readonly string[] | null)[]
}

/** A statement that the real command sent, and how many results it had awaited before. */
export type Step = {
  readonly name: string | null
  readonly text: string
  readonly values: readonly Parameter[]
  readonly after: number
  readonly fresh: readonly Fresh[]
}

export type Steps = readonly Step[]

/** A call as an HTTP request, with its recorded statements. */
export type Turn = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** The route in the form of the router: `/customers/:id`. */
  readonly route: string
  readonly path: string
  readonly body: string | null
  /** Absent for none, and from older commits. */
  readonly headers?: Readonly<Record<string, string>>
  /** Empty if no side sends the statements. */
  readonly recording: Steps
}

/** The turns of each connection, in order. */
export type Lanes = readonly (readonly Turn[])[]

/** The counts of one half of a pair. */
export type Count = {
  /** If several requests make one call, the number of calls. */
  readonly requests: number
  readonly seconds: number
  /** Null for the loop, which has no HTTP. */
  readonly p99Ms: number | null
}

/** Percentiles of the latency at a fixed rate, in milliseconds. */
export type PacedLatency = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** The figures of one half of a pair. */
export type Half = {
  readonly perSecond: number
  readonly p99Ms: number | null
  /** The processor time of the measured process per request, without the database. */
  readonly cpuMs: number
}
