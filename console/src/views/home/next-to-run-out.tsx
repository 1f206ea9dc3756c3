import type { BudgetRow } from '../../../../src/api.gen.ts'
import { useAddresses } from '../../address-state.ts'
import { useRead } from '../../api/use-read.ts'
import { RunsOut } from '../../customer/runs-out.tsx'
import { Bar } from '../../ui/bar.tsx'
import { LinkButton } from '../../ui/button.tsx'
import { Muted } from '../../ui/page.tsx'
import { IfPermitted, Loaded } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
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
  {
    title: 'Share',
    cell: ({ currentUsage, holds, usageLimit }) => (
      <Bar used={currentUsage} held={holds} limit={usageLimit ?? 0} />
    ),
    width: '100px',
    isSecondary: true,
  },
  { title: 'Runs out', cell: (budget) => <RunsOut budget={budget} /> },
]

/** The budgets of all customers that run out first. */
export function NextToRunOut() {
  const addresses = useAddresses()
  const reading = useRead('v1.budgets.list', { query: { limit: ROWS } })
  return (
    <IfPermitted id="v1.budgets.list">
      <Loaded reading={reading} rows={3}>
        {({ data }) =>
          data.length === 0 ? (
            <Muted>No budget runs out before its window ends.</Muted>
          ) : (
            <>
              <Table
                label="Runs out next"
                rows={data}
                columns={COLUMNS}
                keyOf={({ id }) => id}
                toOf={({ customerId, entityId, featureId }) =>
                  addresses.entity(customerId, entityId, featureId)
                }
              />
              <div>
                <LinkButton look="quiet" size="small" to={addresses.budgets({ within: '7' })}>
                  All that run out this week
                </LinkButton>
              </div>
            </>
          )
        }
      </Loaded>
    </IfPermitted>
  )
}
