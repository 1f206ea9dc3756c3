import type { AuditEntry } from '../../../src/api.gen.ts'

export const TEXTS = {
  emptyChanges: (days: number) => `Nothing was changed in the last ${days} days.`,
  emptyEvents: (days: number) => `No event in the last ${days} days.`,
  gone: 'The object is gone.',
  nothing: 'No field differs.',
} as const

export const ACTORS: Readonly<Record<AuditEntry['actor']['kind'], string>> = {
  API_KEY: 'key',
  USER: 'person',
  CLI: 'command line',
  SYSTEM: 'the server',
}
