import { findResourceKeys } from '../../customers/index.ts'
import type { Reader } from '../../db/index.ts'
import { notFound } from '../../kernel/errors.ts'
import { inQuery } from '../../kernel/field.ts'
import type { Uuid } from '../../kernel/ids.ts'
import { NO_RESOURCE } from '../../metering/index.ts'

/** Returns the key of a resource, or `NO_RESOURCE`. 404 `CustomerResourceNotFound`. */
export async function findResource(
  reader: Reader,
  of: { customerKey: Uuid; customerId: string; resourceId: string | null },
): Promise<Uuid> {
  const { customerKey, customerId, resourceId } = of
  if (resourceId === null) return NO_RESOURCE
  const [key] = await findResourceKeys(reader, [{ customerKey, resourceId }])
  if (!key)
    throw notFound(
      inQuery('resourceId'),
      'CustomerResourceNotFound',
      `the customer ${customerId} has no resource ${resourceId}`,
    )
  return key
}
