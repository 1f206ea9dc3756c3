import type { Session } from '../../api/session.tsx'
import { type Standing, TEXTS } from './texts.ts'

/** What is wrong with a choice that needs an owner. */
export const refuseOwner = ({ accountRole }: Session['who'], role: Standing) =>
  role === 'OWNER' && accountRole !== 'OWNER' ? { field: 'role', message: TEXTS.onlyOwners } : null
