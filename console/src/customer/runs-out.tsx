import { Ban } from 'lucide-react'
import type { BudgetStanding } from '../../../src/api.gen.ts'
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
