import type { CatalogApplyRequestBody, CatalogReference } from '../../api.gen.ts'
import type { Handlers } from '../../operation.ts'
import { applyCatalog, type CatalogOperations, retrieveCatalog } from './apply-catalog.ts'

const referenceToWire = ({ type, id }: CatalogReference): CatalogReference => ({ type, id })

const requestFromWire = (wire: CatalogApplyRequestBody) => ({
  catalog: wire.catalog,
  revision: wire.revision ?? null,
  isDryRun: wire.dryRun ?? false,
  archives: wire.archive ?? false,
})

/** The handlers of the operations on the catalog as one document. */
export const catalogHandlers = (
  operations: CatalogOperations,
): Handlers<'v1.catalog.retrieve' | 'v1.catalog.apply'> => ({
  'v1.catalog.retrieve': async (_, call) => {
    const { revision, catalog, drafts } = await retrieveCatalog(operations, call)
    return { data: { revision, catalog, drafts: drafts.map(referenceToWire) } }
  },
  'v1.catalog.apply': async ({ body }, call) => {
    const applied = await applyCatalog(operations, call, requestFromWire(body))
    const { revision, changes, left, drafts } = applied
    return {
      data: {
        revision,
        changes,
        notInCatalog: left.map(referenceToWire),
        drafts: drafts.map(referenceToWire),
      },
    }
  },
})
