/** A request with an idempotency key, which can be repeated without being executed twice. */
export type NamedRequest = {
  readonly path: string
  /** The idempotency key, unique per path. */
  readonly key: string
  /** The parameters and body as JSON. A repetition must have the same content. */
  readonly content: unknown
}

/** The response to a request in wire form. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A response, and the body that repetitions get: without secrets. */
export type AnswerToStore = Answer & { readonly storedBody: string }

/** A response, and whether it is the response to a repetition. */
export type AnswerResult = Answer & { readonly isReplay: boolean }
