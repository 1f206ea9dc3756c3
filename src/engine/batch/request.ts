import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { Address, EventInput, ReportInput, SettlingInput, UseInput } from '../types.ts'

type Reports = { kind: 'reports'; items: readonly (ReportInput & Address)[]; origin: Origin }
type Events = { kind: 'events'; items: readonly (EventInput & Address)[]; origin: Origin }
type Use = { kind: 'use'; item: UseInput & Address; origin: Origin }
type Settling = {
  kind: 'settling'
  item: SettlingInput & { customerKey: Uuid }
  origin: Origin
}

/** What a request wants to have counted or decided. */
export type Work = Reports | Events | Use | Settling

type ItemOf<W extends Work> = W extends Reports | Events
  ? W['items'][number]
  : W extends Use | Settling
    ? W['item']
    : never

export const itemsOf = <W extends Work>(work: W): readonly ItemOf<W>[] =>
  ('items' in work ? work.items : [work.item]) as readonly ItemOf<W>[]
