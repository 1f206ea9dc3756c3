export { check } from './check.ts'
export type { CheckResult } from './decide-check.ts'
export type { CapabilityId, Dimensions, Question } from './question.ts'
export { readValidUntil, validUntil } from './valid-until.ts'
