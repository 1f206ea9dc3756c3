import type { Tx } from '../../db/index.ts'
import { hasOriginal } from '../../events/index.ts'
import { NewerObject } from '../../kernel/errors.ts'
import { inPath } from '../../kernel/field.ts'
import type { CatalogCall } from '../change-in-catalog.ts'

/**
 * 412 if a request is a retry, and its original has published or discarded a draft of the package:
 * the draft that is there now is another one, and nobody asked for this. Call it under the lock of
 * the catalog, if there is a draft.
 */
export async function refuseNewerDraft(tx: Tx, call: CatalogCall, id: string): Promise<void> {
  if (call.isRetry !== true || !(await hasOriginal(tx, call, id))) return
  throw new NewerObject(
    inPath('id'),
    `${id} has a newer draft than the one that this request was about; read it, and send If-Match`,
  )
}
