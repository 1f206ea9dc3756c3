import type { Uuid } from './ids.ts'

/** The environment (tenant) of a call. Every statement is restricted to one. */
export type Scope = { readonly environmentKey: Uuid }

/** The customer that owns rows, and its environment. */
export type Owner = { scope: Scope; customerKey: Uuid }
