import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FULL } from '../../../test/support/catalogs.ts'
import { notFound } from '../../kernel/errors.ts'
import { inBody } from '../../kernel/field.ts'
import { newCurrency } from '../currencies/index.ts'
import { newFeature, newFeatureFromWire } from '../features/index.ts'
import { creditOfPackage, featureOfPackage, type Holder } from '../packages/entitlements/index.ts'
import { type CatalogEntitlement, entitlementFromDocument } from './canonical-entitlement.ts'
import { findMistakes } from './find-mistakes.ts'
import { Mistakes } from './mistakes.ts'

test('an entitlement has a mistake if and only if the rules refuse it', () => {
  const flag = fc.constantFrom(undefined, true, false)
  const common = {
    id: fc.constantFrom('calls', 'region', 'seats', 'sso', 'tokens'),
    behavior: fc.constantFrom(undefined, 'Increment', 'Override'),
    ...{ isGranted: flag, isCustom: flag, hasSoftLimit: flag },
  }
  const anchor = (...known: string[]) =>
    fc.constantFrom(undefined, undefined, ...known.map((accordingTo) => ({ accordingTo })))
  const ofFeature = fc.record({
    ...common,
    type: fc.constant('FEATURE'),
    usageLimit: fc.constantFrom(undefined, 0, 7),
    hasUnlimitedUsage: flag,
    enumValues: fc.constantFrom(undefined, [], ['us'], ['us', 'x'], ['x', 'y']),
    resetPeriod: fc.constantFrom(undefined, 'YEAR', 'MONTH', 'WEEK', 'DAY'),
    yearlyResetPeriodConfiguration: anchor('SubscriptionStart'),
    monthlyResetPeriodConfiguration: anchor('StartOfTheMonth'),
    weeklyResetPeriodConfiguration: anchor('EveryMonday'),
  })
  const ofCurrency = fc.record({
    ...common,
    type: fc.constant('CREDIT'),
    cadence: fc.constant('MONTH'),
    amount: fc.constantFrom(undefined, 0, 2.5, 1e-11),
    dependencyFeatureId: fc.constantFrom(undefined, 'calls', 'sso', 'x'),
  })
  const holders = fc.record({
    type: fc.constantFrom('Plan' as const, 'Addon' as const),
    pricingType: fc.constantFrom('FREE' as const, 'PAID' as const, 'CUSTOM' as const),
  })
  const isRefused = (row: CatalogEntitlement, holder: Holder): boolean => {
    const where = inBody('entitlements', 0)
    const context = { holder, key: '', order: 0n, now: 0, where }
    const featureBy = (id: string | null) => {
      const found = FULL.features?.find((each) => each.id === id)
      return found && newFeature(found.id, newFeatureFromWire(found), { key: '', now: 0 })
    }
    const findings = new Mistakes()
    findings.check([], () => {
      const input = entitlementFromDocument(row, where)
      if (input.type === 'FEATURE')
        return featureOfPackage(input, featureBy(input.id) ?? unknown(), context)
      if (input.id !== 'tokens') unknown()
      const currency = newCurrency('tokens', { displayName: 'T' }, { key: '', now: 0 })
      const { dependencyFeatureId: id } = input
      const dependency = id === null ? null : (featureBy(id) ?? unknown())
      return creditOfPackage(input, { currency, dependency }, context)
    })
    return findings.found.length > 0
  }
  const unknown = () => {
    throw notFound(null, 'FeatureNotFound', 'unknown')
  }
  fc.assert(
    fc.property(fc.oneof(ofFeature, ofCurrency), holders, (drawn, holder) => {
      const row = JSON.parse(JSON.stringify(drawn)) as CatalogEntitlement
      const { features = [], currencies = [] } = FULL
      const list = holder.type === 'Plan' ? 'plans' : 'addons'
      const fields = { id: 'a', displayName: 'A', pricingType: holder.pricingType }
      const products = [
        { id: 'app', displayName: 'App', [list]: [{ ...fields, entitlements: [row] }] },
      ]
      const found = findMistakes({ features, currencies, products })
      assert.equal(found.length > 0, isRefused(row, holder), JSON.stringify(found))
      const texts = found.map(({ place, message }) => `${place.join('/')} ${message}`)
      assert.equal(new Set(texts).size, texts.length, texts.join('\n'))
    }),
    { numRuns: 500 },
  )
})
