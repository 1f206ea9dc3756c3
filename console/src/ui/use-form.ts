import { useRef, useState } from 'react'
import type { AnswerOf, OperationId, RequestOf } from '../api/call.ts'
import { CallError, isOutdated } from '../api/errors.ts'
import { useWrite } from '../api/use-write.ts'
import { tell } from './toast.tsx'

/** What a field needs to show and change one value of a form. */
export type FieldState<Value> = {
  name: string
  value: Value
  onChange: (value: Value) => void
}

/** What is stored now in a field, and what was typed. */
export type FieldComparison = { label: string; now: unknown; typed: unknown }

/** What is sent, and what has become of it. */
export type Submission = {
  submit: () => void
  isBusy: boolean
  /** What is wrong: what a check found, else what the server refused. */
  error: unknown
  /** Forgets what is wrong. */
  forgive: () => void
  /** Why the caller may not submit. */
  reason: string | null
}

export type Form<Fields> = Submission & {
  /** What the server refused, which stays while a check finds something else. */
  refusal: unknown
  fields: Fields
  set(part: Partial<Fields>): void
  /**
   * Connects a field: `<TextField {...form.bind('email')} label="E-mail" />`. `path` is where the
   * value is in the request, if that is not its name.
   */
  bind<Name extends keyof Fields & string>(name: Name, path?: string): FieldState<Fields[Name]>
  /** Compares what is stored now with what was typed, in the fields that get a label here. */
  compare(labels: Partial<Record<keyof Fields & string, string>>): FieldComparison[]
  /** Forgets what was typed, and what was wrong with it. */
  discard(): void
}

type FormOptions<Id extends OperationId, Fields> = {
  /**
   * What the fields begin with: what is stored of the object, if there is one. They follow it until
   * somebody types.
   */
  first: Fields
  requestOf: (fields: Fields) => RequestOf<Id>
  /** The entity tag of the object that the form was filled with. */
  etag?: string | undefined
  /** What the server cannot know is wrong. It is shown at the field, and nothing is sent. */
  check?: (fields: Fields) => { field: string; message: string } | null
  /** What is told once it is done. */
  doneText?: (answer: AnswerOf<Id>, fields: Fields) => string
  /** Sends the former values. `send` calls the same operation. */
  undo?:
    | ((undone: {
        answer: AnswerOf<Id>
        fields: Fields
        send: (request: RequestOf<Id>) => Promise<unknown>
      }) => Promise<unknown>)
    | null
  onDone?: (answer: AnswerOf<Id>) => void
  /** What follows instead, if the form is not done with the operation. It keeps what was typed. */
  next?: (answer: AnswerOf<Id>, fields: Fields) => void
}

/**
 * Returns the state of a form: its fields, and the operation that they are sent with. Nothing that
 * was typed is lost when the server refuses.
 */
export function useForm<Id extends OperationId, Fields extends object>(
  id: Id,
  options: FormOptions<Id, Fields>,
): Form<Fields> {
  const { first, requestOf, check, doneText, undo, onDone, next } = options
  const [typed, setTyped] = useState<Fields | null>(null)
  const [wrong, setWrong] = useState<CallError | null>(null)
  // As of the moment of sending: what is stored may be read again before the answer arrives.
  const sent = useRef({ fields: first, typed, doneText, undo })
  const fields = typed ?? first
  const set = (part: Partial<Fields>) => setTyped((all) => ({ ...(all ?? first), ...part }))
  const again = useWrite(id)
  const write = useWrite(id, {
    onDone: (answer) => {
      const { fields: saved, typed: savedText, doneText: textOf, undo: takeBack } = sent.current
      if (next) return next(answer, saved)
      // What somebody typed while this was on its way is not saved yet.
      setTyped((now) => (now === savedText ? null : now))
      if (answer.etag !== undefined) setTag(answer.etag)
      onDone?.(answer)
      const undone = { answer, fields: saved, send: again.mutateAsync }
      if (textOf) tell(textOf(answer, saved), takeBack ? () => takeBack(undone) : undefined)
    },
  })
  const [ifMatch, setTag] = useTag(options.etag, {
    error: write.error,
    isUntouched: typed === null,
  })
  const forgive = () => {
    setWrong(null)
    // A write that is on its way keeps its state: it must not be sent twice.
    if (!write.isPending) write.reset()
  }
  const submit = () => {
    if (write.isPending || write.reason !== null) return
    const problem = check?.(fields) ?? null
    setWrong(problem && new CallError({ status: 400, ...problem }))
    if (problem !== null) return
    sent.current = { fields, typed, doneText, undo }
    write.mutate({ ...requestOf(fields), ifMatch })
  }
  return {
    fields,
    set,
    bind: (name, path = name) => ({
      name: path,
      value: fields[name],
      onChange: (value) => set({ [name]: value } as unknown as Partial<Fields>),
    }),
    compare: (labels) =>
      (Object.entries(labels) as [keyof Fields, string][]).map(([name, label]) => ({
        label,
        now: first[name],
        typed: fields[name],
      })),
    discard: () => {
      setTyped(null)
      forgive()
    },
    submit,
    isBusy: write.isPending,
    error: wrong ?? write.error,
    refusal: write.error,
    forgive,
    reason: write.reason,
  }
}

/**
 * Returns the entity tag that a form sends: of what it was filled with. After a refusal it is that
 * of what is there now, because the person sees that and may replace it. A form that nobody has
 * typed into shows what is there.
 */
function useTag(
  present: string | undefined,
  { error, isUntouched }: { error: unknown; isUntouched: boolean },
): [string | undefined, (tag: string) => void] {
  const [tag, setTag] = useState(present)
  if ((isUntouched || isOutdated(error)) && present !== tag) setTag(present)
  return [tag, setTag]
}
