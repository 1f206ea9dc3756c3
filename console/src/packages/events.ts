/** Types of the events about each kind of object. Objects of other kinds may have the same id. */
export const EVENTS_OF = {
  product: ['product.created', 'product.updated', 'product.deleted', 'product.unarchived'],
  plan: ['plan.created', 'plan.updated', 'plan.deleted', 'plan.draft_changed'],
  addon: ['addon.created', 'addon.updated', 'addon.deleted', 'addon.draft_changed'],
} as const
