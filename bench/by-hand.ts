import { randomUUID } from 'node:crypto'
import type { Fresh, Recording, Step } from './types.ts'

type Value = Step['values'][number]

/** A value of which every run of the statements has another one. */
export type FreshValue = { readonly fresh: string }
export const freshValue = (): FreshValue => ({ fresh: randomUUID() })

const isFresh = (value: Value | FreshValue): value is FreshValue =>
  typeof value === 'object' && value !== null && 'fresh' in value

/** A statement as somebody would write it by hand. */
export type Statement = readonly [text: string, ...values: (Value | FreshValue)[]]

const names = new Map<string, string>()

/**
 * A transaction as most programs write it: one statement after the other, each awaited. Its
 * statements are prepared, as those of the server are.
 */
export const transactionByHand = (statements: readonly Statement[]): Recording =>
  [['begin'] as const, ...statements, ['commit'] as const].map(
    ([text, ...values]: Statement, after): Step => {
      const name = names.get(text) ?? `by_hand_${names.size}`
      names.set(text, name)
      return {
        name: values.length === 0 ? null : name,
        text,
        values: values.map((value) => (isFresh(value) ? value.fresh : value)),
        after,
        fresh: values.flatMap((value, index): Fresh[] =>
          isFresh(value) ? [{ index, texts: [['', value.fresh, '']] }] : [],
        ),
      }
    },
  )
