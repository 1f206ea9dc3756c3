import { Ban, Check, CircleX, Hourglass, RefreshCw, TriangleAlert } from 'lucide-react'
import type { Task } from '../../../src/api.gen.ts'
import { Chip } from '../ui/text.tsx'
import { STATUS_WORDS } from './texts.ts'

const LOOKS = {
  PENDING: { tone: 'info', icon: Hourglass },
  IN_PROGRESS: { tone: 'info', icon: RefreshCw },
  COMPLETED: { tone: 'granted', icon: Check },
  PARTIALLY_FAILED: { tone: 'near', icon: TriangleAlert },
  FAILED: { tone: 'denied', icon: CircleX },
  CANCELED: { tone: 'plain', icon: Ban },
} as const

export const StatusChip = ({ status }: Pick<Task, 'status'>) => (
  <Chip {...LOOKS[status]}>{STATUS_WORDS[status]}</Chip>
)
