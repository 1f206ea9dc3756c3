import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type {
  ConsumptionInput,
  EventInput,
  ReportInput,
  ReservationStepInput,
  SubjectKeys,
} from '../types.ts'

type ReportRequest = {
  kind: 'reports'
  items: readonly (ReportInput & SubjectKeys)[]
  origin: Origin
}
type EventRequest = { kind: 'events'; items: readonly (EventInput & SubjectKeys)[]; origin: Origin }
type ConsumptionRequest = { kind: 'use'; item: ConsumptionInput & SubjectKeys; origin: Origin }
type ReservationRequest = {
  kind: 'settling'
  item: ReservationStepInput & { customerKey: Uuid }
  origin: Origin
}

/** What a request wants to have counted or decided. */
export type EngineRequest = ReportRequest | EventRequest | ConsumptionRequest | ReservationRequest

type ItemOf<W extends EngineRequest> = W extends ReportRequest | EventRequest
  ? W['items'][number]
  : W extends ConsumptionRequest | ReservationRequest
    ? W['item']
    : never

export const itemsOf = <W extends EngineRequest>(work: W): readonly ItemOf<W>[] =>
  ('items' in work ? work.items : [work.item]) as readonly ItemOf<W>[]
