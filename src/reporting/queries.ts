import { type DecisionRecorder, minutesBetween } from '../decisions/index.ts'
import type { Call } from '../operation.ts'
import { countActiveCustomers, countEntities, countOpenReservations } from './count-store.ts'
import { stepsOf, sumMinutes } from './sum-minutes.ts'
import type { Overview } from './types.ts'

/** Returns what was decided lately in an environment, and counts of its objects. */
export async function readOverview(
  call: Call,
  recorder: DecisionRecorder,
  windowMs: number,
): Promise<Overview> {
  const { app, scope } = call
  const steps = stepsOf(windowMs, app.clock.now())
  const [minutes, customers, openReservations, entities] = await Promise.all([
    minutesBetween(call, recorder, steps),
    countActiveCustomers(app.db.read, scope),
    countOpenReservations(app.db.read, scope),
    countEntities(app.db.read, scope),
  ])
  return { ...steps, ...sumMinutes(steps, minutes), customers, openReservations, ...entities }
}
