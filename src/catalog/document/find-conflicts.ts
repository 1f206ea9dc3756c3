import type { Catalog, CatalogReference } from '../../api.gen.ts'
import type { Difference, ItemChange } from './compare-catalogs.ts'
import { keyOf, type Place, placesOf } from './items.ts'
import { type Mistake, NOUNS } from './mistakes.ts'

/** A plan or an add-on with a draft. */
export type Draft = CatalogReference & { productId: string }

/** What of an environment is not in its catalog. */
export type Outside = {
  drafts: readonly Draft[]
  /** Archived plans and add-ons, among those that the document names. */
  archived: readonly CatalogReference[]
}

/** Fields that keep what they have, and those that only cannot be taken away. */
const FINAL = ['featureType', 'meterType', 'pricingType', 'productId']
const KEPT = ['meter', 'units']

/**
 * Returns the changes that no operation can make: of types and pricing types, of what has a draft,
 * of what is archived for ever. `document` is what the difference leads to.
 */
export function findConflicts(
  document: Catalog,
  { changes }: Difference,
  { drafts, archived }: Outside,
): Mistake[] {
  const places = placesOf(document)
  const [withDraft, inArchive] = [drafts, archived].map((list) => new Set(list.map(keyOf)))
  return changes.flatMap((change) => {
    const { item, action } = change
    const [key, noun] = [keyOf(item), `${NOUNS[item.type]} ${item.id}`]
    const place = places.get(key) ?? []
    if (action === 'ARCHIVE') return draftsOf(change, drafts)
    if (inArchive?.has(key))
      return [
        { place: [...place, 'id'], message: `id: the ${noun} is archived; choose another id` },
      ]
    if (withDraft?.has(key))
      return [
        {
          place: [...place, 'id'],
          message: `id: the ${noun} has a draft; publish or remove it before you change the ${noun}`,
        },
      ]
    return action === 'UPDATE' ? finalFields(change, place) : []
  })
}

/** A product, plan or add-on with drafts is not archived, because its drafts would be lost. */
function draftsOf({ item }: ItemChange, drafts: readonly Draft[]): Mistake[] {
  const within = drafts.filter((draft) =>
    item.type === 'PRODUCT' ? draft.productId === item.id : keyOf(draft) === keyOf(item),
  )
  return within.map(({ type, id }) => ({
    place: [],
    message: `the ${NOUNS[item.type]} ${item.id} cannot be archived while the ${NOUNS[type]} ${id} has a draft`,
  }))
}

const finalFields = ({ item, fields }: ItemChange, place: Place): Mistake[] =>
  fields.flatMap(({ field, before, after }) => {
    const isFinal = FINAL.includes(field) || (KEPT.includes(field) && after === undefined)
    if (!isFinal) return []
    const what =
      after === undefined && KEPT.includes(field)
        ? 'cannot be removed'
        : `cannot change from ${String(before ?? 'the default')}`
    return [
      {
        place: field === 'productId' ? [...place, 'id'] : [...place, field],
        message: `${field}: that of the ${NOUNS[item.type]} ${item.id} ${what}`,
      },
    ]
  })
