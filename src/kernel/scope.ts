import type { Uuid } from './ids.ts'

/** The environment (tenant) that a call works in. Every statement of a module is bound to one. */
export type Scope = { readonly environmentKey: Uuid }
