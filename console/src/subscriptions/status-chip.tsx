import { Ban, CalendarClock, Check, CreditCard, FlaskConical } from 'lucide-react'
import type { SubscriptionStatus } from '../../../src/api.gen.ts'
import { Chip } from '../ui/text.tsx'
import { STATUS_WORDS } from './texts.ts'

const LOOKS = {
  ACTIVE: { tone: 'granted', icon: Check },
  IN_TRIAL: { tone: 'info', icon: FlaskConical },
  NOT_STARTED: { tone: 'held', icon: CalendarClock },
  PAYMENT_PENDING: { tone: 'near', icon: CreditCard },
  CANCELED: { tone: 'plain', icon: Ban },
  EXPIRED: { tone: 'plain', icon: Ban },
} as const

export const StatusChip = ({ status }: { status: SubscriptionStatus }) => (
  <Chip {...LOOKS[status]}>{STATUS_WORDS[status]}</Chip>
)
