import { instantIn, type Search } from '../../address-state.ts'
import { choiceIn, labelledChoices, plainChoices } from '../../ui/choices.ts'

export type Interval = 'day' | 'hour' | 'month'

export const INTERVALS = plainChoices<Interval>('day', 'hour', 'month')

export const GROUPS = labelledChoices({ none: 'no', entity: 'by entity', feature: 'by feature' })
export type Group = (typeof GROUPS)[number]['value']

export type UsageAddress = ReturnType<typeof readAddress>

/** What the address of the usage of a customer says. Empty instants: the last part until now. */
export const readAddress = (search: Search) => ({
  feature: search.feature ?? '',
  interval: choiceIn(INTERVALS, search.interval, 'day'),
  group: choiceIn(GROUPS, search.group, 'none'),
  from: instantIn(search.from),
  to: instantIn(search.to),
})

/** Returns the range of the same length before (-1) or after (1) this one. */
export function shifted(
  range: { from: string; to: string },
  direction: -1 | 1,
): { from: string; to: string } {
  const [from, to] = [new Date(range.from).getTime(), new Date(range.to).getTime()]
  const by = direction * (to - from)
  return { from: new Date(from + by).toISOString(), to: new Date(to + by).toISOString() }
}
