import type { PackagePublishRequestBody } from '../../../src/api.gen.ts'
import { useSession } from '../api/session.tsx'
import { useRead } from '../api/use-read.ts'
import { formatCount, formatNumber } from '../format.ts'
import { Muted } from '../ui/page.tsx'
import { heirsOf } from './inherit.ts'
import type { PackageState } from './state.ts'
import { TEXTS } from './texts.ts'
import { usePackages } from './use-packages.ts'

/** Subscriptions that are counted. The API has no totals, and one page must do. */
const MOST = 100

/** Whom a publication concerns, as far as one page of subscriptions tells. */
export function Reach(props: {
  state: PackageState
  type: PackagePublishRequestBody['migrationType']
}) {
  const { state, type } = props
  const isForAll = type === 'ALL_CUSTOMERS'
  return (
    <div>
      <p>{isForAll ? TEXTS.allCustomers : TEXTS.newCustomers}</p>
      <Muted>
        {state.kind === 'plan' ? <OfPlan state={state} /> : isForAll && TEXTS.addonHolders}
      </Muted>
    </div>
  )
}

function OfPlan({ state: { id, productId } }: { state: PackageState }) {
  const mayRead = useSession().whyNot('v1.subscriptions.list') === null
  const query = { planId: id, status: ['ACTIVE' as const, 'IN_TRIAL' as const], limit: MOST }
  const { data: page } = useRead('v1.subscriptions.list', { query }, { isOn: mayRead })
  const { all, publishedOf } = usePackages('plan', productId)
  const heirs = heirsOf(id, { all, publishedOf })
  const are = page?.data.length === 1 ? 'is' : 'are'
  const count =
    page &&
    (page.pagination.next === null
      ? `${formatCount(page.data.length, 'subscription')} to the plan ${are} in force.`
      : `More than ${formatNumber(MOST)} subscriptions to the plan are in force.`)
  const more =
    heirs.length > 0 && `Those to ${heirs.join(', ')}, which inherit from it, are concerned too.`
  return [count, more].filter(Boolean).join(' ')
}
