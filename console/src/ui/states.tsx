import { CircleAlert } from 'lucide-react'
import type { CSSProperties, ReactNode } from 'react'
import { useEffect, useState } from 'react'
import type { AnswerOf, OperationId, RequestOf } from '../api/call.ts'
import { CallError } from '../api/errors.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { Button } from './button.tsx'
import { CopyButton } from './copy.tsx'
import styles from './states.module.css'

const WIDTHS = ['38%', '52%', '31%', '46%', '35%', '57%', '42%', '49%']

/** Grey rows of the height that the data will have. Nothing for the first 150 ms. */
export function Loading({ rows = 8 }: { rows?: number }) {
  return (
    <div className={styles.rows} aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: grey rows have no identity
          key={index}
          className={styles.row}
          style={{ '--width': WIDTHS[index % WIDTHS.length] } as CSSProperties}
        />
      ))}
    </div>
  )
}

/** Nothing yet: one sentence, what to do, and the call that does it. */
export function Empty(props: { title: string; children?: ReactNode; call?: string }) {
  return (
    <div className={styles.empty}>
      <p>
        <strong>{props.title}</strong>
      </p>
      <div className={styles.actions}>
        {props.children}
        {props.call && <code className={styles.call}>{props.call}</code>}
      </div>
    </div>
  )
}

/** Nothing that passes the filters, which can be taken off. */
export function EmptyFiltered(props: { what: string; onClear: () => void }) {
  return (
    <div className={styles.empty}>
      <p>No {props.what} matches these filters.</p>
      <Button onClick={props.onClear}>Clear filters</Button>
    </div>
  )
}

/** What went wrong: the sentence of the server, its code and its trace id. */
export function Problem({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const [code, traceId] =
    error instanceof CallError ? [error.code, error.status >= 500 ? error.traceId : null] : []
  return (
    <div className={styles.problem} role="alert">
      <CircleAlert size={15} aria-hidden />
      <div>
        <p>{error.message}</p>
        {(code || traceId || onRetry) && (
          <div className={styles.details}>
            {code && <code>{code}</code>}
            {traceId && (
              <span>
                trace <code>{traceId}</code> <CopyButton text={traceId} label="Copy trace id" />
              </span>
            )}
            {onRetry && <Retry error={error} onRetry={onRetry} />}
          </div>
        )}
      </div>
    </div>
  )
}

/** Counts down what the server asked for. */
function Retry({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const waitMs = error instanceof CallError ? (error.retryAfterMs ?? 0) : 0
  const [left, setLeft] = useState(Math.ceil(waitMs / 1000))
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left])
  return (
    <Button size="small" onClick={onRetry}>
      {left > 0 ? `Try again (${left} s)` : 'Try again'}
    </Button>
  )
}

type Reading<Data> = {
  data: Data | undefined
  error: Error | null
  isPlaceholderData: boolean
  refetch: () => unknown
}

/**
 * What was read, or its state: loading or failed. Data of before stays when reading it again fails;
 * the top line says how old it is.
 */
export function Loaded<Data>(props: {
  reading: Reading<Data>
  rows?: number
  children: (data: Data) => ReactNode
}) {
  const { data, error, isPlaceholderData, refetch } = props.reading
  if (data !== undefined)
    return (
      <div
        className={`${styles.loaded} ${isPlaceholderData ? styles.former : ''}`}
        aria-busy={isPlaceholderData || undefined}
      >
        {props.children(data)}
      </div>
    )
  if (error !== null) return <Problem error={error} onRetry={() => void refetch()} />
  return <Loading {...(props.rows !== undefined && { rows: props.rows })} />
}

/** What an operation answers, or why the caller may not read it, or its state. */
export function Read<Id extends OperationId>(props: {
  id: Id
  request: RequestOf<Id>
  rows: number
  children: (answer: AnswerOf<Id>) => ReactNode
}) {
  const { id, request, rows, children } = props
  const isOn = useSession().whyNot(id) === null
  const reading = useRead(id, request, { isOn })
  return (
    <IfPermitted id={id}>
      <Loaded reading={reading} rows={rows}>
        {children}
      </Loaded>
    </IfPermitted>
  )
}

/** Shows its children to callers who may read what they show. */
export function IfPermitted({ id, children }: { id: OperationId; children: ReactNode }) {
  const reason = useSession().whyNot(id)
  return reason === null ? children : <Empty title={reason} />
}
