export {
  type Authorization,
  type AuthorizationQuery,
  authorize,
  type ConsumptionAnswer,
  type DecisionAnswer,
  type DenialBasis,
  decideConsumption,
  deny,
  refuseDistant,
  withUsageAfter,
} from './decide-consumption.ts'
export {
  dedupKeyOfUse,
  denialForUnknownCustomer,
  entitlementWindow,
  meterAmount,
  requestOf,
  validateConsumption,
} from './validate-consumption.ts'
