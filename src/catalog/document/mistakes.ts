import type { CatalogObjectType } from '../../api.gen.ts'
import { ApiError } from '../../kernel/errors.ts'
import { type Field, inBody } from '../../kernel/field.ts'
import type { Place } from './items.ts'

/** Something in a document that must change. The message names the field within its object. */
export type Mistake = { place: Place; message: string }

/** An object of a document that may violate the schema. */
export type Entry<T> = {
  value: T
  place: Place
  id: string | null
  /** Whether the object conforms to the schema, apart from objects within it. */
  isSound: boolean
}

/** Returns whether the object at a place conforms to the schema, apart from objects within it. */
export type Soundness = (place: Place) => boolean

/** Returns the objects of a list, which may be anything. */
export const entriesOf = <T>(list: readonly T[] | undefined, isSound: Soundness, ...at: Place) =>
  (Array.isArray(list) ? list : []).map((value: T, index): Entry<T> => {
    const place = [...at, index]
    const { id } = Object(value) as { id?: unknown }
    return { value, place, id: typeof id === 'string' ? id : null, isSound: isSound(place) }
  })

/** As many mistakes are listed. Nobody reads more, and each one takes time. */
export const MISTAKES_LIMIT = 1000

/** Collects mistakes. */
export class Mistakes {
  readonly found: Mistake[] = []

  /** Whether there are so many that no more need to be found. */
  get areMany(): boolean {
    return this.found.length >= MISTAKES_LIMIT
  }

  add(place: Place, message: string): void {
    this.found.push({ place, message })
  }

  /** Returns what a rule returns, or undefined if it refuses the object at a place. */
  check<T>(place: Place, rule: () => T): T | undefined {
    try {
      return rule()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.add([...place, ...partsIn(error.field)], error.message)
      return undefined
    }
  }

  /** Like `check`, but the mistake is at the place itself, whichever field the rule names. */
  checkAt(place: Place, rule: () => unknown): void {
    const { found } = this
    const count = found.length
    this.check(place, rule)
    for (const [index, { message }] of found.slice(count).entries())
      found[count + index] = { place, message }
  }

  /** Adds a mistake for each object whose id an earlier one has. */
  refuseRepeated(noun: string, entries: readonly Entry<unknown>[]): void {
    const first = new Map<string, Place>()
    for (const { id, place } of entries) {
      if (id === null) continue
      const earlier = first.get(id)
      if (earlier === undefined) first.set(id, place)
      else this.add([...place, 'id'], `id: ${textOf(earlier)} is the ${noun} ${id} already`)
    }
  }
}

/** The feature, currency, product, plan or add-on that a place is in. Empty for none. */
export function objectAt(place: Place): Place {
  const [list, index, inner, innerIndex] = place
  if (typeof index !== 'number') return []
  const isPackage = list === 'products' && (inner === 'plans' || inner === 'addons')
  return place.slice(0, isPackage && typeof innerIndex === 'number' ? 4 : 2)
}

/** How messages name a place. */
export const textOf = (place: Place): string => String(inBody(...place))

/** Returns the place within an object that a refusal names. None if it is not in the body. */
export const partsIn = (field: Field | null): Place =>
  field === null || field.pointer.includes(':') ? [] : placeAt(field.pointer)

/** Returns the place that a pointer of an error response names in the body. */
export const placeAt = (pointer: string): Place =>
  pointer === ''
    ? []
    : pointer
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part))

/** What messages call the objects. */
export const NOUNS: Readonly<Record<CatalogObjectType, string>> = {
  FEATURE: 'feature',
  CURRENCY: 'currency',
  PRODUCT: 'product',
  PLAN: 'plan',
  ADDON: 'add-on',
}
