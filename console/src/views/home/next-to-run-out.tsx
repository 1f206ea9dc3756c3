import type { BudgetRow } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { RunsOut, shareColumn } from '../../customer/runs-out.tsx'
import { type Column, ShortList } from '../../ui/table.tsx'
import { Name } from '../../ui/text.tsx'

const ROWS = 6

const COLUMNS: readonly Column<BudgetRow>[] = [
  {
    title: 'Budget of',
    cell: ({ customerName, customerId, displayName, entityId }) => (
      <>
        <Name name={customerName} id={customerId} /> › <Name name={displayName} id={entityId} />
      </>
    ),
  },
  shareColumn('100px'),
  { title: 'Runs out', cell: (budget) => <RunsOut budget={budget} /> },
]

/** The budgets of all customers that run out first. */
export function NextToRunOut() {
  const addresses = useAddresses()
  return (
    <ShortList
      label="Runs out next"
      id="v1.budgets.list"
      request={{ query: { limit: ROWS } }}
      count={3}
      columns={COLUMNS}
      toOf={({ customerId, entityId, featureId }) =>
        addresses.entity(customerId, entityId, featureId)
      }
      none="No budget runs out before its window ends."
      all={{ to: addresses.budgets({ within: '7' }), label: 'All that run out this week' }}
    />
  )
}
