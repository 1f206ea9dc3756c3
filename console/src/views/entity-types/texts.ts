export const TEXTS = {
  lead: 'The kinds of entities that budgets can be for, such as team, user or agent. All customers share them.',
  empty: 'No entity types yet.',
  call: 'PUT /api/v1-beta/entity-types',
  idHint: 'It cannot be changed later.',
  keysHint:
    'The dimensions of usage that name an entity of this type, such as teamId. Enter or a comma adds one. Without any, no usage counts for its entities.',
  keysChanged: 'Usage that was attributed before stays where it is.',
  unarchives: 'The type is archived. Saving makes it active again.',
  taken: (id: string) => `An entity type with the id ${id} exists. Edit that one instead.`,
  noKeys: 'none: counts no usage',
} as const
