export {
  ask,
  type ConsumptionAnswer,
  type DecisionAnswer,
  decideConsumption,
  denied,
  evaluateUse,
  hold,
  refuseBeyond,
} from './decide-consumption.ts'
export {
  type ConsumptionDenial,
  counting,
  type FeatureLimit,
  requesting,
  useOfNobody,
  type ValidatedConsumption,
  validateConsumption,
  windowHeld,
} from './validate-consumptions.ts'
