import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { type AnswerOf, call, type OperationId, type RequestOf } from './call.ts'
import { isOutdated, isRefused } from './errors.ts'
import { newKey } from './new-key.ts'
import { useSession } from './session.tsx'

/**
 * Changes something, and then reads again what is shown. If it is not known whether a request took
 * effect, the next one with the same content has its idempotency key. So the server makes a change
 * once, even if it is sent twice. A refused request gives its key up, because the server would
 * repeat the refusal, also when its reason is gone.
 */
export function useWrite<Id extends OperationId>(
  id: Id,
  { onDone }: { onDone?: (answer: AnswerOf<Id>, request: RequestOf<Id>) => void } = {},
) {
  const { caller, environment, whyNot } = useSession()
  const queries = useQueryClient()
  const last = useRef<{ text: string; key: string } | null>(null)
  const mutation = useMutation({
    mutationFn: (request: RequestOf<Id>) => {
      const text = JSON.stringify(request)
      if (last.current?.text !== text) last.current = { text, key: newKey() }
      return call(caller, id, request, { idempotencyKey: last.current.key })
    },
    onSuccess: (answer, request) => {
      last.current = null
      void queries.invalidateQueries({ queryKey: [environment] })
      onDone?.(answer, request)
    },
    onError: (error) => {
      if (isRefused(error)) last.current = null
      // What is there now is shown beside what was typed.
      if (isOutdated(error)) void queries.invalidateQueries({ queryKey: [environment] })
    },
  })
  return { ...mutation, reason: whyNot(id) }
}
