import { Archive, Check, Pencil } from 'lucide-react'
import type { PackageStatus } from '../../../src/api.gen.ts'
import { Chip } from '../ui/text.tsx'
import { STATUS_WORDS } from './words.ts'

const LOOKS = {
  DRAFT: { tone: 'held', icon: Pencil },
  PUBLISHED: { tone: 'granted', icon: Check },
  ARCHIVED: { tone: 'plain', icon: Archive },
} as const

/** Whether a version is a draft, is sold, or is not sold any more. */
export const StatusChip = ({ status }: { status: PackageStatus }) => (
  <Chip {...LOOKS[status]}>{STATUS_WORDS[status]}</Chip>
)
