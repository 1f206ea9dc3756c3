/** A request that its caller has named, so that it can be repeated without being done again. */
export type NamedRequest = {
  readonly path: string
  /** The caller's name for it, unique for the path. */
  readonly key: string
  /** What is asked for, as JSON. The same key may not ask for anything else. */
  readonly content: unknown
}

/** An answer to a request, as it goes over the wire. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An answer, and the body that repetitions get: without what is told once. */
export type Given = Answer & { readonly kept: string }

/** An answer, and whether it was given before. */
export type AnswerResult = Answer & { readonly isReplay: boolean }
