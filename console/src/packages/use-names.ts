import type { CustomCurrency, Feature, PackageEntitlementType } from '../../../src/api.gen.ts'
import { useCurrencies } from '../catalog/use-currencies.ts'
import { useFeatures } from '../catalog/use-features.ts'

type Target = { type: PackageEntitlementType; id: string }

/** Features and currencies, and what an entitlement of one is called. */
export type Names = {
  features: readonly Feature[] | undefined
  currencies: readonly CustomCurrency[] | undefined
  nameOf(target: Target): string | null
}

/** Reads the names of the features and currencies of these entitlements. */
export function useNames(targets: readonly Target[]): Names {
  const has = (type: PackageEntitlementType) => targets.some((each) => each.type === type)
  const features = useFeatures({ isOn: has('FEATURE') })
  const currencies = useCurrencies({ isOn: has('CREDIT') })
  return {
    features,
    currencies,
    nameOf: ({ type, id }) => {
      const rows = type === 'FEATURE' ? features : currencies
      return rows?.find((each) => each.id === id)?.displayName ?? null
    },
  }
}
