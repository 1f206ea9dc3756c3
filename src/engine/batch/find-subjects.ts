import { findCustomerKeys, findResourceKeys } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { notFound } from '../../kernel/errors.ts'
import type { Uuid } from '../../kernel/ids.ts'
import type { Scope } from '../../kernel/scope.ts'
import { NO_RESOURCE } from '../../metering/index.ts'
import type { Cache } from '../cache/index.ts'
import type { Subject, SubjectKeys } from '../types.ts'

/**
 * The keys of subjects, in their order. 404 `CustomerNotFound`, naming the first of `list` that is
 * unknown.
 */
export async function findSubjectKeys<S extends Subject>(
  reader: Reader,
  scope: Scope,
  { subjects, list, keys }: { subjects: readonly S[]; list: string; keys: Cache<Uuid> },
): Promise<(S & SubjectKeys)[]> {
  const addresses = await subjectKeysOf(reader, scope, { subjects, keys })
  return subjects.map((subject, index) => {
    const address = addresses[index] ?? null
    if (address === null)
      throw notFound(
        'CustomerNotFound',
        `${list}[${index}]: customer ${subject.customerId} not found`,
      )
    return { ...subject, ...address }
  })
}

/**
 * The keys of subjects, in their order; null for an unknown customer. An id never gets another key,
 * so that who was found once is not looked up again; but a database that was put back may have lost
 * what a key stands for, so that whoever writes by one proves it under its lock.
 */
export async function subjectKeysOf(
  reader: Reader,
  scope: Scope,
  { subjects, keys }: { subjects: readonly Subject[]; keys: Cache<Uuid> },
): Promise<(SubjectKeys | null)[]> {
  const customerName = ({ customerId }: Subject) => `${scope.environmentKey} ${customerId}`
  const customers = await lookUp(subjects, customerName, keys, async (unknown) => {
    const ids = unknown.map(({ customerId }) => customerId)
    const found = await findCustomerKeys(reader, scope, ids)
    return ids.map((id) => found.get(id) ?? null)
  })
  const owned = subjects.map((subject) => {
    const customerKey = customers.get(customerName(subject))
    return customerKey === undefined ? null : { customerKey, resourceId: subject.resourceId }
  })
  const ofResources = owned.flatMap((each) =>
    each === null || each.resourceId === null
      ? []
      : [{ customerKey: each.customerKey, resourceId: each.resourceId }],
  )
  const resourceName = (name: { customerKey: Uuid; resourceId: string }) =>
    `${name.customerKey} ${name.resourceId}`
  const resources = await lookUp(ofResources, resourceName, keys, (unknown) =>
    findResourceKeys(reader, unknown),
  )
  return owned.map((each) => {
    if (each === null) return null
    const { customerKey, resourceId } = each
    if (resourceId === null) return { customerKey, resourceKey: NO_RESOURCE }
    const resourceKey = resources.get(resourceName({ customerKey, resourceId })) ?? null
    return { customerKey, resourceKey }
  })
}

/** Keys by name: those remembered, and of the others what `find` answers in their order. */
async function lookUp<T>(
  things: readonly T[],
  nameOf: (thing: T) => string,
  keys: Cache<Uuid>,
  find: (unknown: T[]) => Promise<(Uuid | null)[]>,
): Promise<ReadonlyMap<string, Uuid>> {
  const found = new Map<string, Uuid>()
  const unknown = new Map<string, T>()
  for (const thing of things) {
    const name = nameOf(thing)
    const key = keys.get(name)
    if (key === undefined) unknown.set(name, thing)
    else found.set(name, key)
  }
  if (unknown.size === 0) return found
  const answers = await find([...unknown.values()])
  ;[...unknown.keys()].forEach((name, index) => {
    const key = answers[index]
    if (!key) return
    found.set(name, key)
    keys.set(name, key)
  })
  return found
}
