import type { EnvironmentState, StateSource, Versions } from '../cache/index.ts'

/** The states of a customer and of its environment, from which facts are gathered. */
export type FactSource = StateSource & { environment: EnvironmentState; versions: Versions }
