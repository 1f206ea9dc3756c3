import type { ReactNode } from 'react'
import { TextField } from '../ui/field.tsx'
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

/** Null for an empty field: usage is counted without a limit. */
export const limitOf = (text: string): number | null => (text.trim() === '' ? null : Number(text))
