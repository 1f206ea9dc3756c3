import type { CatalogAddon, CatalogPlan } from '../../api.gen.ts'
import { type Field, inBody } from '../../kernel/field.ts'
import { type Currency, unknownCurrency } from '../currencies/index.ts'
import { type Feature, type GrantTerms, resetOf, unknownFeature } from '../features/index.ts'
import type {
  CreditInput,
  FeatureInput,
  Holder,
  PackageEntitlement,
} from '../packages/entitlements/index.ts'
import * as rules from '../packages/entitlements/index.ts'
import { type CatalogEntitlement, entitlementFromDocument } from './canonical-entitlement.ts'
import type { Place } from './items.ts'
import { type Entry, entriesOf, Mistakes, partsIn, type Soundness } from './mistakes.ts'

/** What a document describes, by id. A feature that has mistakes is undefined. */
export type DocumentObjects = {
  features: ReadonlyMap<string, Feature | undefined>
  currencies: ReadonlyMap<string, Currency>
}

type Context = { isSound: Soundness; known: DocumentObjects; mistakes: Mistakes }

/** One entitlement. `place` is that of its package, and `where` is its own within the package. */
type Row = Omit<Context, 'isSound'> & { place: Place; holder: Holder; where: Field }

const KINDS = { FEATURE: 'feature', CREDIT: 'currency' } as const

/** Adds what is wrong with what a plan or an add-on of a document gives. */
export function entitlementMistakes(
  type: Holder['type'],
  { value, place, isSound: isSoundPackage }: Entry<CatalogPlan> | Entry<CatalogAddon>,
  { isSound, known, mistakes }: Context,
): void {
  const { entitlements, pricingType } = Object(value) as CatalogPlan | CatalogAddon
  const rows = entriesOf(entitlements, isSound, ...place, 'entitlements')
  for (const [kind, noun] of Object.entries(KINDS))
    mistakes.refuseRepeated(
      `entitlement of the ${noun}`,
      rows.filter((row) => Object(row.value).type === kind),
    )
  // While the pricing type is unknown, nothing is wrong because of it.
  const holder = { type, pricingType: isSoundPackage ? pricingType : ('CUSTOM' as const) }
  const given = rows.flatMap((row, index) => {
    if (!row.isSound) return []
    const where = inBody('entitlements', index).of(row.value.id)
    return describe(row.value, { place, holder, where, known, mistakes })
  })
  mistakes.check(place, () => rules.refuseTooLarge(given, inBody('entitlements')))
}

/** Returns what a row gives, or nothing if something is wrong with it. */
function describe(value: CatalogEntitlement, row: Row): PackageEntitlement[] {
  const made = new Mistakes().check([], () => make(value, row))
  if (made !== undefined) return [made]
  if (!row.mistakes.areMany) explain(value, row)
  return []
}

/** Where rules get what nothing in a document depends on. */
const AT = { key: '', order: 0n, now: 0 }

/** Undefined if something that is named has mistakes or is not in the document. */
function make(value: CatalogEntitlement, row: Row): PackageEntitlement | undefined {
  const { holder, where, known } = row
  const input = entitlementFromDocument(value, where)
  const context = { ...AT, holder, where }
  if (input.type === 'FEATURE') {
    const feature = known.features.get(input.id)
    return feature && rules.featureOfPackage(input, feature, context)
  }
  const currency = known.currencies.get(input.id)
  const { dependencyFeatureId: id } = input
  const dependency = id === null ? null : known.features.get(id)
  if (currency === undefined || dependency === undefined) return undefined
  return rules.creditOfPackage(input, { currency, dependency }, context)
}

/** Adds everything that is wrong with a row: each rule is asked by itself. */
function explain(value: CatalogEntitlement, row: Row): void {
  const { place, holder, where, mistakes } = row
  const input = mistakes.check(place, () => entitlementFromDocument(value, where))
  if (input === undefined) return
  for (const other of [{ isCustom: false }, { behavior: 'Increment' as const }])
    mistakes.check(place, () => rules.refuseForHolder({ ...input, ...other }, holder, where))
  if (input.type === 'FEATURE') explainFeature(input, row)
  else explainCredit(input, row)
}

const NO_RESET: Pick<GrantTerms, 'resetPeriod' | 'accordingTo'> = {
  resetPeriod: null,
  accordingTo: { YEAR: null, MONTH: null, WEEK: null },
}
const NO_LIMIT = {
  ...{ limit: null, isUnlimited: false, isSoft: false },
  ...{ isCustom: false, isGranted: false },
}

function explainFeature(input: FeatureInput, row: Row): void {
  const { place, where, mistakes } = row
  const feature = featureNamed(row, input.id, 'id')
  if (feature === undefined) return
  const check = (at: Place | null, terms: Partial<FeatureInput>) => {
    const rule = () =>
      rules.termsOf({ ...input, ...NO_RESET, enumValues: [], ...terms }, feature, { where })
    return at === null ? mistakes.check(place, rule) : mistakes.checkAt(at, rule)
  }
  const isEnum = feature.featureType === 'ENUM'
  const { enumValues } = input
  check(null, { isGranted: input.isGranted && !(isEnum && enumValues.length > 0) })
  const list = [...place, ...partsIn(where.at('enumValues'))]
  if (!isEnum) check(list, { ...NO_LIMIT, enumValues })
  else
    for (const [index, each] of enumValues.entries())
      check([...list, index], { ...NO_LIMIT, enumValues: [each] })
  const reset = (accordingTo: GrantTerms['accordingTo']) =>
    mistakes.check(place, () => resetOf({ ...input, accordingTo }, feature, where))
  const { accordingTo: none } = NO_RESET
  if (reset(none) !== undefined)
    for (const period of ['YEAR', 'MONTH', 'WEEK'] as const)
      if (input.accordingTo[period] !== null)
        reset({ ...none, [period]: input.accordingTo[period] })
}

function explainCredit(input: CreditInput, row: Row): void {
  const { place, where, known, mistakes } = row
  if (!known.currencies.has(input.id))
    mistakes.check(place, () => {
      throw unknownCurrency(where.at('id'), input.id)
    })
  const { dependencyFeatureId: id } = input
  const dependency = id === null ? null : featureNamed(row, id, 'dependencyFeatureId')
  mistakes.check(place, () => rules.refuseDependency(dependency ?? null, where))
  mistakes.check(place, () => rules.amountOf(input, where))
}

/** Adds a mistake if the document has no such feature. Undefined also for one with mistakes. */
function featureNamed({ known, place, where, mistakes }: Row, id: string, field: string) {
  if (!known.features.has(id))
    mistakes.check(place, () => {
      throw unknownFeature(where.at(field), id)
    })
  return known.features.get(id)
}
