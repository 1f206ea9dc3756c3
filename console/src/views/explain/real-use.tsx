import { useState } from 'react'
import { newKey } from '../../api/new-key.ts'
import { useWrite } from '../../api/use-write.ts'
import { formatNumber } from '../../format.ts'
import { Button } from '../../ui/button.tsx'
import { Problem } from '../../ui/states.tsx'
import { tell } from '../../ui/toast.tsx'
import { amountOf, type Question, requestOf } from './request.ts'
import styles from './view.module.css'

/** How long a reservation that is made here holds its amount, in seconds. */
const HOLD_SECONDS = 60

/** Uses or holds what is asked. This is no question any more, and says so. */
export function RealUse({ question, customer }: { question: Question; customer: string }) {
  // One key per press, so that a request that is sent again counts once.
  const [key, setKey] = useState(newKey)
  const { params, query } = requestOf(question)
  const { resourceId, dimensions } = query
  const amount = amountOf(question)
  const body = {
    ...('featureId' in query ? { featureId: query.featureId } : { currencyId: query.currencyId }),
    amount,
    idempotencyKey: key,
    ...(resourceId !== undefined && { resourceId }),
    ...(dimensions !== undefined && { dimensions }),
  }
  const consume = useWrite('v1.customers.consume', {
    onDone: ({ data }) => {
      setKey(newKey())
      tell(
        data.recorded ? `${formatNumber(amount)} recorded as used.` : 'Denied: nothing recorded.',
      )
    },
  })
  const reserve = useWrite('v1.customers.reservations.create', {
    onDone: ({ data }) => {
      setKey(newKey())
      const isHeld = data.reservation !== null
      tell(isHeld ? `${formatNumber(amount)} held for ${HOLD_SECONDS} s.` : 'Denied: nothing held.')
    },
  })
  const without = amount > 0 ? null : 'Enter an amount above 0.'
  const error = consume.error ?? reserve.error
  return (
    <div>
      <div className={styles.real}>
        <Button
          reason={without ?? consume.reason}
          isBusy={consume.isPending}
          onClick={() => consume.mutate({ params, body })}
        >
          Consume
        </Button>
        <Button
          reason={without ?? reserve.reason}
          isBusy={reserve.isPending}
          onClick={() => reserve.mutate({ params, body: { ...body, ttlSeconds: HOLD_SECONDS } })}
        >
          Reserve
        </Button>
        <span>Both count as real usage of {customer}.</span>
      </div>
      {error && <Problem error={error} />}
    </div>
  )
}
