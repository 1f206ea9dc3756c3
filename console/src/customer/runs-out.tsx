import { Ban } from 'lucide-react'
import type { BudgetRow, BudgetStanding } from '../../../src/api.gen.ts'
import { Bar } from '../ui/bar.tsx'
import type { Column } from '../ui/table.tsx'
import { None, Time } from '../ui/text.tsx'

/** When a budget runs out at its present pace. */
export function RunsOut({ budget }: { budget: BudgetStanding }) {
  const { exhaustsAt, remaining } = budget
  if (exhaustsAt === null) return <None />
  if (remaining !== null && remaining <= 0)
    return (
      <>
        <Ban size={12} aria-hidden /> used up
      </>
    )
  return <Time at={exhaustsAt} />
}

/** How much of each limit is used. Left out on narrow screens. */
export const shareColumn = (width: string): Column<BudgetRow> => ({
  title: 'Share',
  cell: ({ currentUsage, holds, usageLimit }) => (
    <Bar used={currentUsage} held={holds} limit={usageLimit ?? 0} />
  ),
  width,
  isSecondary: true,
})
