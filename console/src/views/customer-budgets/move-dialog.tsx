import { useState } from 'react'
import type { BudgetStanding, EntityPathNode, SearchHit } from '../../../../src/api.gen.ts'
import { EVERY, useRead } from '../../api/use-read.ts'
import { useCustomer } from '../../customer/customer-frame.tsx'
import { formatNumber } from '../../format.ts'
import { Bar } from '../../ui/bar.tsx'
import { SearchField } from '../../ui/field.tsx'
import { FormDialog } from '../../ui/form.tsx'
import { Muted } from '../../ui/page.tsx'
import { Loaded } from '../../ui/states.tsx'
import { Id, Name } from '../../ui/text.tsx'
import { useForm } from '../../ui/use-form.ts'
import { useDebounced } from '../../use-debounced.ts'
import styles from './move-dialog.module.css'

/** Parents that are offered at once, and how long a pause in typing is, in milliseconds. */
const MOST = 8
const PAUSE_MS = 120
const LONGEST_TEXT = 100

/** Where an entity goes: below another one, or to the top. */
type Parent = { id: string | null; name: string }

const TOP: Parent = { id: null, name: 'At the top' }

type Placement = { entityId: string; name: string; parentId: string | null }

/** Moves an entity below another one. What is above it, before and after, stands side by side. */
export function MoveDialog(props: {
  moved: Placement
  feature: string | null
  onClose: () => void
}) {
  const { moved, feature, onClose } = props
  const [parent, setParent] = useState<Parent | null>(null)
  const form = useMove(moved, { parent, onClose })
  const reason =
    parent === null
      ? 'Choose where it goes first.'
      : parent.id === moved.parentId
        ? 'It is there already.'
        : null
  return (
    <FormDialog form={form} isWide onClose={onClose} title={`Move ${moved.name}`} reason={reason}>
      <ParentPicker moved={moved} chosen={parent} onChoose={setParent} />
      <div className={styles.sides}>
        <Side title="Now" parentId={moved.parentId} name={moved.name} feature={feature} />
        {parent !== null && (
          <Side title="Then" parentId={parent.id} name={moved.name} feature={feature} />
        )}
      </div>
    </FormDialog>
  )
}

/** A row about any budget of an entity changes its place. Without one, a budget is made. */
function useMove(moved: Placement, to: { parent: Parent | null; onClose: () => void }) {
  const { entityId, name, parentId } = moved
  const { id } = useCustomer()
  const params = { id }
  const budgets = useRead(
    'v1Beta.customers.assignments.list',
    { params, query: { entityId, limit: 1 } },
    { everyMs: EVERY.total },
  )
  const metered = useRead(
    'v1.features.listFeatures',
    { query: { limit: 1, meterType: ['INCREMENTAL', 'FLUCTUATING'] } },
    { everyMs: EVERY.total },
  )
  const bodyOf = (parent: string | null) => {
    const own = budgets.data?.data[0]
    const about =
      own === undefined
        ? { featureId: metered.data?.data[0]?.id ?? '', usageLimit: null, cadence: 'P1M' }
        : {
            ...(own.featureId === undefined
              ? { currencyId: own.currencyId ?? '' }
              : { featureId: own.featureId }),
            ...(own.scopeEntityIds.length > 0 && { scopeEntityIds: own.scopeEntityIds }),
          }
    return { entityEntitlements: [{ entityId, ...about, parentId: parent }] }
  }
  const { parent, onClose } = to
  const form = useForm('v1Beta.customers.assignments.upsert', {
    first: {},
    requestOf: () => ({ params, body: bodyOf(parent?.id ?? null) }),
    doneText: () => `${name} is ${parent?.id ? `below ${parent.name}` : 'at the top'}.`,
    undo: ({ send }) => send({ params, body: bodyOf(parentId) }),
    onDone: onClose,
  })
  const reading = budgets.data === undefined ? 'Its budgets are being read.' : null
  return { ...form, reason: reading ?? form.reason }
}

/** Entities of the customer that contain the text, and the top. */
function ParentPicker(props: {
  moved: Placement
  chosen: Parent | null
  onChoose: (parent: Parent) => void
}) {
  const { moved, chosen, onChoose } = props
  const { id: customerId } = useCustomer()
  const [text, setText] = useState('')
  const q = useDebounced(text.trim().slice(0, LONGEST_TEXT), PAUSE_MS)
  const found = useRead(
    'v1.search',
    { query: { q, customerId, kinds: ['ENTITY'], limit: MOST + 1 } },
    { everyMs: EVERY.total, isOn: q !== '' },
  )
  const roots = useRead(
    'v1.customers.retrieveEntityTree',
    { params: { id: customerId }, query: { limit: MOST + 1 } },
    { everyMs: EVERY.total, isOn: q === '' },
  )
  const offered: Parent[] =
    q === ''
      ? (roots.data?.data.rows ?? []).map(({ entityId, displayName }) => ({
          id: entityId,
          name: displayName ?? entityId,
        }))
      : (found.data?.data ?? []).filter(isActive).map(({ id, displayName }) => ({
          id,
          name: displayName ?? id,
        }))
  const others = offered.filter(({ id }) => id !== moved.entityId).slice(0, MOST)
  return (
    <div>
      <SearchField
        label="Part of the name or id of the new parent"
        value={text}
        onChange={setText}
      />
      <div role="radiogroup" aria-label="New parent" className={styles.parents}>
        {[TOP, ...others].map((each) => (
          <label key={each.id} className={styles.parent}>
            <input
              type="radio"
              name="parent"
              checked={each.id === chosen?.id}
              onChange={() => onChoose(each)}
            />
            <span className={styles.name}>
              <bdi>{each.name}</bdi> {each.id !== null && <Id>{each.id}</Id>}
            </span>
          </label>
        ))}
      </div>
    </div>
  )
}

const isActive = ({ isArchived }: SearchHit): boolean => !isArchived

/** What is above the entity at a place: each budget has to have room for it. */
function Side(props: {
  title: string
  parentId: string | null
  name: string
  feature: string | null
}) {
  const { title, parentId, name, feature } = props
  const { id } = useCustomer()
  const reading = useRead(
    'v1.customers.entities.retrievePath',
    {
      params: { id, entityId: parentId ?? '' },
      query: feature === null ? {} : { featureIds: [feature] },
    },
    { everyMs: EVERY.total, isOn: parentId !== null },
  )
  return (
    <section className={styles.side} aria-label={title}>
      <h3>{title}</h3>
      {parentId === null ? (
        <Muted>Nothing is above it.</Muted>
      ) : (
        <Loaded reading={reading} rows={2}>
          {({ data }) => (
            <ol className={styles.path}>
              {data.nodes.map((node) => (
                <PathNode key={node.entityId} node={node} />
              ))}
            </ol>
          )}
        </Loaded>
      )}
      <strong className={styles.own}>
        <bdi>{name}</bdi>
      </strong>
    </section>
  )
}

function PathNode({ node }: { node: EntityPathNode }) {
  const budget = node.capabilities
    .flatMap(({ budgets }): BudgetStanding[] => budgets)
    .find(({ scopeEntityIds }) => scopeEntityIds.length === 0)
  return (
    <li className={styles.node}>
      <Name name={node.displayName} id={node.entityId} />
      {budget === undefined || budget.usageLimit === null ? (
        <Muted>without a limit</Muted>
      ) : (
        <>
          <Muted>
            {formatNumber(budget.remaining ?? 0)} left of {formatNumber(budget.usageLimit)}
          </Muted>
          <Bar used={budget.currentUsage} held={budget.holds} limit={budget.usageLimit} />
        </>
      )}
    </li>
  )
}
