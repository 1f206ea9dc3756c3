export {
  type ConsumptionAnswer,
  type DecisionAnswer,
  type DenialBasis,
  decideConsumption,
  deny,
  refuseDistant,
  shownAfter,
} from './decide-consumption.ts'
export {
  dedupKeyOfUse,
  denialForUnknownCustomer,
  entitlementWindow,
  meterAmount,
  validateConsumption,
} from './validate-consumption.ts'
