import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { type AnswerOf, call, type OperationId, type RequestOf } from './call.ts'
import { isOutdated } from './errors.ts'
import { newKey } from './new-key.ts'
import { useSession } from './session.tsx'

/**
 * Changes something, and then reads again what is shown. A failed request keeps its idempotency key
 * as long as its content is the same. So the server makes a change once, even if it is sent twice.
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
    // What is there now is shown beside what was typed.
    onError: (error) => {
      if (isOutdated(error)) void queries.invalidateQueries({ queryKey: [environment] })
    },
  })
  return { ...mutation, reason: whyNot(id) }
}
