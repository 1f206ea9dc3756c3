import { Ban, Check } from 'lucide-react'
import type { ReactNode } from 'react'
import type { EntitlementExplanation, EntitlementExplanationNode } from '../../../src/api.gen.ts'
import { formatNumber, formatReset } from '../format.ts'
import { Id, Name, Time } from '../ui/text.tsx'
import { useNow } from '../use-now.ts'
import styles from './chain.module.css'
import type { Names } from './names.ts'
import { BarLegend, RequestBar } from './request-bar.tsx'

/** How often it is looked whether a window is over, in milliseconds. */
const RESET_MS = 5000

/** A chain with the nodes of each entity together, from the root down to the entity named. */
export function entitiesOf(
  chain: readonly EntitlementExplanationNode[],
): { entityId: string; nodes: EntitlementExplanationNode[] }[] {
  const groups = Map.groupBy(chain, ({ entityId }) => entityId)
  return [...groups].map(([entityId, nodes]) => ({ entityId, nodes })).toReversed()
}

/** The way that a request takes: the entitlement, then each chain of budgets. */
export function Drawing(props: {
  answer: EntitlementExplanation
  amount: number
  customer: string
  names: Names
}) {
  const { answer, amount, customer, names } = props
  const isStopped = !answer.isGranted && answer.rule !== 'Budget'
  const chains: readonly (readonly EntitlementExplanationNode[])[] = answer.chains
  return (
    <section className={styles.drawing} aria-label="How it is decided">
      <EntitlementCard answer={answer} amount={amount} customer={customer} isStopped={isStopped} />
      {chains.length > 0 && (
        <div className={styles.columns}>
          {chains.map((chain) => (
            <ol key={chain[0]?.entityId} className={styles.chain}>
              {entitiesOf(chain).map(({ entityId, nodes }) => (
                <li key={entityId}>
                  <div className={styles.link} />
                  <EntityCard
                    entityId={entityId}
                    nodes={nodes}
                    amount={amount}
                    names={names}
                    isPale={isStopped}
                  />
                </li>
              ))}
            </ol>
          ))}
        </div>
      )}
      <BarLegend />
    </section>
  )
}

const StopsHere = () => (
  <span className={styles.stops}>
    <Ban size={13} aria-hidden /> stops here
  </span>
)

const Fits = () => <Check className={styles.fits} size={14} aria-label="fits" />

function EntitlementCard(props: {
  answer: EntitlementExplanation
  amount: number
  customer: string
  isStopped: boolean
}) {
  const { answer, amount, customer, isStopped } = props
  const limit = answer.usageLimit ?? null
  const isUnlimited = answer.type === 'FEATURE' && answer.hasUnlimitedUsage === true
  const reset = answer.type === 'FEATURE' && answer.resetPeriod
  const used = answer.currentUsage ?? 0
  return (
    <div className={styles.card} data-blocks={isStopped}>
      <div className={styles.head}>
        {isStopped ? null : <Fits />}
        <bdi>{customer}</bdi> <span className={styles.muted}>entitlement</span>
        {isStopped && <StopsHere />}
      </div>
      <div className={styles.budgets}>
        {limit !== null && !isUnlimited && (
          <RequestBar used={used} held={answer.holds} asks={amount} limit={limit} />
        )}
        <Figures
          left={
            isUnlimited
              ? 'no limit'
              : limit === null
                ? null
                : `${formatNumber(limit)}${reset ? ` ${formatReset(reset)}` : ''}`
          }
          right={
            limit === null || isUnlimited
              ? null
              : `${formatNumber(Math.max(0, limit - used - answer.holds))} left`
          }
          held={answer.holds}
          resetsAt={answer.usagePeriodEnd ?? null}
        />
      </div>
    </div>
  )
}

function EntityCard(props: {
  entityId: string
  nodes: readonly EntitlementExplanationNode[]
  amount: number
  names: Names
  isPale: boolean
}) {
  const { entityId, nodes, amount, names, isPale } = props
  const budgets = nodes.filter(({ usageLimit, resetsAt }) => usageLimit !== null || resetsAt)
  const isStopping = nodes.some(({ blocks }) => blocks)
  const heading = (
    <>
      <Name name={names.get(entityId) ?? null} id={entityId} />
      {names.get(entityId) && <Id>{entityId}</Id>}
    </>
  )
  if (budgets.length === 0)
    return <div className={`${styles.card} ${styles.thin}`}>{heading}, without a budget</div>
  return (
    <div className={styles.card} data-blocks={isStopping} data-pale={isPale}>
      <div className={styles.head}>
        {isStopping ? null : <Fits />}
        {heading}
        {isStopping && <StopsHere />}
      </div>
      <div className={styles.budgets}>
        {budgets.map((node) => (
          <BudgetPart
            key={`${node.scopeEntityIds.join()} ${node.currencyId ?? ''}`}
            node={node}
            amount={amount}
            names={names}
          />
        ))}
      </div>
    </div>
  )
}

function BudgetPart(props: { node: EntitlementExplanationNode; amount: number; names: Names }) {
  const { node, amount, names } = props
  const scope = node.scopeEntityIds.map((id) => names.get(id) ?? id).join(', ')
  const limit = node.usageLimit
  const ofLimit = limit === null ? ', no limit' : ` of ${formatNumber(limit)}`
  return (
    <div className={styles.budget}>
      {scope !== '' && <span className={styles.muted}>only with {scope}</span>}
      {limit !== null && (
        <RequestBar used={node.currentUsage} held={node.holds} asks={amount} limit={limit} />
      )}
      <Figures
        left={`${formatNumber(node.currentUsage)} used${ofLimit}`}
        right={node.remaining === null ? null : `${formatNumber(Math.max(0, node.remaining))} left`}
        held={node.holds}
        resetsAt={node.resetsAt}
      />
    </div>
  )
}

function Figures(props: {
  left: ReactNode
  right: ReactNode
  held: number
  resetsAt: string | null
}) {
  const { left, right, held, resetsAt } = props
  const isOver = useNow(RESET_MS) > new Date(resetsAt ?? 0).getTime()
  return (
    <div className={styles.figures}>
      <span>
        {left}
        {held > 0 && <span className={styles.muted}> · {formatNumber(held)} held</span>}
      </span>
      <span>
        {right}
        {resetsAt && (
          <span className={styles.muted}>
            {right ? ' · ' : ''}
            {isOver ? 'started' : 'starts'} again <Time at={resetsAt} />
          </span>
        )}
      </span>
    </div>
  )
}
