export {
  ask,
  type DecisionAnswer,
  decideUse,
  denied,
  evaluateUse,
  hold,
  tooOld,
  type UseAnswer,
} from './decide-consumption.ts'
export {
  counting,
  type DeniedUse,
  type Limited,
  type PreparedUse,
  prepareUse,
  requesting,
  useOfNobody,
  windowHeld,
} from './validate-consumptions.ts'
