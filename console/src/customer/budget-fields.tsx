import type { ReactNode } from 'react'
import { TextField } from '../ui/field.tsx'
import { numberIn, refuseNumber } from '../ui/number.ts'
import type { FieldState } from '../ui/use-form.ts'

const CADENCES = ['PT1M', 'PT1H', 'P1D', 'P1W', 'P1M', 'P1Y']

export const LimitField = (props: FieldState<string> & { isFirst?: boolean }) => (
  <TextField
    {...props}
    label="Limit"
    hint="Empty: usage is counted without a limit."
    isNumber
    isOptional
  />
)

export const CadenceField = (props: FieldState<string> & { hint?: ReactNode }) => (
  <TextField {...props} label="Starts again every" suggestions={CADENCES} isMono />
)

const isWithout = (text: string): boolean => text.trim() === ''

/** What is wrong with a limit, or null. */
export const refuseLimit = (text: string) =>
  isWithout(text) ? null : refuseNumber('usageLimit', text)

/** The limit that a text is, which `refuseLimit` passes. Null: usage is counted without a limit. */
export const limitOf = (text: string): number | null => (isWithout(text) ? null : numberIn(text))
