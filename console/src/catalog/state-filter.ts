import { choiceIn, plainChoices } from '../ui/choices.ts'

export type State = 'active' | 'archived' | 'all'

/** Which objects of the catalog a list shows. */
export const STATES = plainChoices<State>('active', 'archived', 'all')

export const stateIn = (text: string | undefined): State => choiceIn(STATES, text, 'active')
