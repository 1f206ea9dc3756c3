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
type ConsumptionRequest = {
  kind: 'consumption'
  item: ConsumptionInput & SubjectKeys
  origin: Origin
}
type ReservationRequest = {
  kind: 'reservation'
  item: ReservationStepInput & { customerKey: Uuid }
  origin: Origin
}

/** A request to count or decide something, all of it or nothing. */
export type EngineRequest = ReportRequest | EventRequest | ConsumptionRequest | ReservationRequest

type ItemOf<R extends EngineRequest> = R extends ReportRequest | EventRequest
  ? R['items'][number]
  : R extends ConsumptionRequest | ReservationRequest
    ? R['item']
    : never

export const itemsOf = <R extends EngineRequest>(request: R): readonly ItemOf<R>[] =>
  ('items' in request ? request.items : [request.item]) as readonly ItemOf<R>[]

/** The customers of a request, each once. */
export const customersOf = (request: EngineRequest): Uuid[] => [
  ...new Set(itemsOf(request).map(({ customerKey }) => customerKey)),
]
