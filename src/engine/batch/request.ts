import type { Uuid } from '../../kernel/ids.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { CallState } from '../../operation.ts'
import type {
  ConsumptionInput,
  EventInput,
  ReportInput,
  ReservationStepInput,
  SubjectKeys,
} from '../types.ts'

type Caller = {
  origin: Origin
  /** If there is one, the request is about one customer. */
  state: CallState | undefined
}
type ReportRequest = Caller & { kind: 'reports'; items: readonly (ReportInput & SubjectKeys)[] }
type EventRequest = Caller & { kind: 'events'; items: readonly (EventInput & SubjectKeys)[] }
type ConsumptionRequest = Caller & { kind: 'consumption'; item: ConsumptionInput & SubjectKeys }
type ReservationRequest = Caller & {
  kind: 'reservation'
  item: ReservationStepInput & { customerKey: Uuid }
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
