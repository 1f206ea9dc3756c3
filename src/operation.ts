import type { OperationId, Operations } from './api.gen.ts'
import type { App } from './app.ts'
import type { Instant } from './kernel/clock.ts'
import type { IfMatch } from './kernel/etag.ts'
import type { Origin } from './kernel/origin.ts'
import type { Scope } from './kernel/scope.ts'
import type { Sequences } from './kernel/sequences.ts'

/** What a handler knows of its call besides the validated request. */
export type Call = {
  readonly app: App
  readonly scope: Scope
  readonly origin: Origin
  /** When the credential of the caller expires, exclusive. Null or absent: never. */
  readonly expiresAt?: Instant | null
  /** Whether the caller has a permission. Absent: it has all. */
  readonly permits?: (permission: string) => boolean
  /** How old the state may be that a check is decided on, in milliseconds; 0 or absent: current. */
  readonly maxStalenessMs?: number
  /** The state in which the object must be to be changed; null or absent: any. */
  readonly ifMatch?: IfMatch | null
  /** Whether the client says that it has sent the request before. Absent: it has not. */
  readonly isRetry?: boolean
  /** Whether the caller prefers a `Csv`. Absent: it cannot have one. */
  readonly prefersCsv?: boolean
  /** Absent if the call is not about one customer. */
  readonly state?: CallState
}

/** What the caller has seen of the customer, and what it sees by this call. */
export type CallState = {
  /** The response must be of a state that is at least as new; null: any state. */
  readonly atLeast: Sequences | null
  /**
   * Returns whether a state that this server has in memory is new enough, so that the database
   * need not be asked.
   */
  acceptsFromMemory(found: Sequences): boolean
  /**
   * 503 if `found`, the state of the database, is older than `atLeast`. Call it before anything is
   * written.
   */
  require(found: Sequences): void
  /** Asks the database for its state, if there is an `atLeast`. 503 as `require`. */
  verify(): Promise<void>
  /**
   * Notes a state that includes everything that the response shows and everything that the call has
   * written. In a transaction that writes, call it before COMMIT: 503 if another database has
   * replaced that in which `atLeast` was found.
   */
  note(shown: Sequences): void
}

/** A request that conforms to the API document: types, lengths, patterns and closed objects. */
export type OperationRequest<Id extends OperationId> = Pick<
  Operations[Id],
  'params' | 'query' | 'body'
>

/** A response with the second success status that the API document has for an operation. */
export class Otherwise<Body> {
  readonly body: Body
  constructor(body: Body) {
    this.body = body
  }
}

/** A table, for a caller that prefers CSV. It has as many bytes as the JSON of the operation. */
export class Csv {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  /** Whether texts are left as they are, even those that a spreadsheet would take for a formula. */
  readonly isRaw: boolean
  constructor({ columns, rows, isRaw }: Pick<Csv, 'columns' | 'rows' | 'isRaw'>) {
    this.columns = columns
    this.rows = rows
    this.isRaw = isRaw
  }
}

/** A response to a repetition. It was decided when the same request first came. */
export class Repeated<Answer> {
  readonly answer: Answer
  constructor(answer: Answer) {
    this.answer = answer
  }
}

/**
 * Takes and returns the wire form. The success status is that of the API document. Errors are
 * thrown as `ApiError`.
 */
export type Handler<Id extends OperationId> = (
  request: OperationRequest<Id>,
  call: Call,
) => Promise<AnswerOf<Operations[Id]> | RepeatedOf<Operations[Id]>>

type AnswerOf<O extends { response: unknown }> = O['response'] | OtherwiseOf<O> | CsvOf<O>
/** A `Repeated` response, for operations whose requests have deduplication keys of their own. */
type RepeatedOf<O extends { response: unknown }> = O['response'] extends {
  data: { replayed: boolean }
}
  ? Repeated<AnswerOf<O>>
  : never
type CsvOf<O> = O extends { csv: true } ? Csv : never
type OtherwiseOf<O> = O extends { otherwise: infer Body } ? Otherwise<Body> : never

/** A table of handlers by operation. A missing or unknown operation does not compile. */
export type Handlers<Ids extends OperationId = OperationId> = { readonly [Id in Ids]: Handler<Id> }
