import { useState } from 'react'
import type { BudgetStanding, EntityPathNode } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { EVERY, useRead } from '../../api/use-read.ts'
import { BudgetDialog } from '../../customer/budget-dialog.tsx'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber, formatReset } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Dialog, DialogBody } from '../../ui/dialog.tsx'
import { Muted, Section } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { Time } from '../../ui/text.tsx'
import { ArchiveEntity } from './archive-entity.tsx'
import { BurnDown } from './burn-down.tsx'
import { MoveDialog } from './move-dialog.tsx'
import { PanelDenials } from './panel-denials.tsx'
import styles from './view.module.css'

type Scope = readonly string[]

/** One entity: its budgets, and those above it. */
export function Panel(props: { entityId: string; feature: string | null; onClose: () => void }) {
  const { entityId, feature, onClose } = props
  const { id } = useCustomer()
  const reading = useRead(
    'v1.customers.entities.retrievePath',
    {
      params: { id, entityId },
      query: feature === null ? {} : { featureIds: [feature] },
    },
    { everyMs: EVERY.panel },
  )
  const own = reading.data?.data.nodes.at(-1)
  return (
    <Dialog
      isOpen
      isWide
      onClose={onClose}
      title={own?.displayName ?? entityId}
      description={`${own?.entityTypeId ?? ''} ${entityId}`}
    >
      <DialogBody>
        <Loaded reading={reading} rows={4}>
          {({ data }) => <Entity nodes={data.nodes} feature={feature} />}
        </Loaded>
      </DialogBody>
    </Dialog>
  )
}

function Entity({ nodes, feature }: { nodes: readonly EntityPathNode[]; feature: string | null }) {
  const { id } = useCustomer()
  const addresses = useAddresses()
  const [editing, setEditing] = useState<Scope | null>(null)
  const [isMoving, setMoving] = useState(false)
  const [drawn, setDrawn] = useState<string | null>(null)
  const own = nodes.at(-1)
  if (own === undefined) return null
  const budgets = budgetsOf(own)
  const called = own.displayName ?? own.entityId
  return (
    <>
      <Section
        title="Budgets"
        actions={
          <>
            <LinkButton size="small" to={addresses.historyOf(own.entityId, { customerId: id })}>
              History
            </LinkButton>
            <Button size="small" onClick={() => setMoving(true)}>
              Move
            </Button>
            <ArchiveEntity
              entityId={own.entityId}
              name={called}
              isArchived={own.archivedAt !== null}
            />
            {feature !== null && !budgets.some(({ scopeEntityIds }) => !scopeEntityIds.length) && (
              <Button size="small" onClick={() => setEditing([])}>
                Set a budget
              </Button>
            )}
          </>
        }
      >
        {budgets.length === 0 && <Muted>No budget for this feature.</Muted>}
        {budgets.map((budget, index) => (
          <Budget
            key={budget.id}
            budget={budget}
            // One at a time: each is a request that reads records.
            isDrawn={budget.id === drawn || (drawn === null && index === 0)}
            onDraw={() => setDrawn(budget.id)}
            onEdit={() => setEditing(budget.scopeEntityIds)}
          />
        ))}
      </Section>
      {nodes.length > 1 && (
        <Section title="Above it">
          {nodes.slice(0, -1).map((node) => (
            <div key={node.entityId} className={styles.above}>
              <strong>
                <bdi>{node.displayName ?? node.entityId}</bdi>
              </strong>
              {budgetsOf(node).length === 0 && <Muted>without a budget</Muted>}
              {budgetsOf(node).map((budget) => (
                <Budget key={budget.id} budget={budget} />
              ))}
            </div>
          ))}
        </Section>
      )}
      <PanelDenials entityId={own.entityId} />
      {isMoving && (
        <MoveDialog
          moved={{ entityId: own.entityId, name: called, parentId: own.parentId }}
          feature={feature}
          onClose={() => setMoving(false)}
        />
      )}
      {editing !== null && feature !== null && (
        <BudgetDialog
          place={{
            customerId: id,
            entityId: own.entityId,
            name: called,
            capability: { featureId: feature },
            scopeEntityIds: editing,
          }}
          onClose={() => setEditing(null)}
        />
      )}
    </>
  )
}

const budgetsOf = ({ capabilities }: EntityPathNode): BudgetStanding[] =>
  capabilities.flatMap(({ budgets }) => budgets)

function Budget(props: {
  budget: BudgetStanding
  isDrawn?: boolean
  onDraw?: () => void
  onEdit?: () => void
}) {
  const { budget, isDrawn = false, onDraw, onEdit } = props
  const { id } = useCustomer()
  const addresses = useAddresses()
  const { currentUsage, usageLimit, holds, remaining, cadence, usagePeriodEnd } = budget
  return (
    <div className={styles.budget}>
      <div className={styles.figures}>
        <span>
          {formatNumber(currentUsage)}
          {usageLimit !== null && ` of ${formatNumber(usageLimit)}`} {formatReset(cadence)}
          {holds > 0 && <Muted> · {formatNumber(holds)} held</Muted>}
          {budget.scopeEntityIds.length > 0 && (
            <Muted> · only with {budget.scopeEntityIds.join(', ')}</Muted>
          )}
        </span>
        <span className={styles.does}>
          <LinkButton size="small" to={addresses.historyOf(budget.id, { customerId: id })}>
            History
          </LinkButton>
          {onDraw && !isDrawn && usageLimit !== null && (
            <Button size="small" onClick={onDraw}>
              Burn-down
            </Button>
          )}
          {onEdit && (
            <Button size="small" onClick={onEdit}>
              Edit
            </Button>
          )}
        </span>
      </div>
      {usageLimit !== null && <Bar used={currentUsage} held={holds} limit={usageLimit} />}
      <Muted>
        {remaining !== null && `${formatNumber(Math.max(0, remaining))} left`}
        {usagePeriodEnd && (
          <>
            {' · '}starts again <Time at={usagePeriodEnd} />
          </>
        )}
        {budget.exhaustsAt && (
          <>
            {' · '}runs out <Time at={budget.exhaustsAt} />
          </>
        )}
      </Muted>
      {isDrawn && <BurnDown budget={budget} />}
    </div>
  )
}
