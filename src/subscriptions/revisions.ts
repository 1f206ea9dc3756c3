import type { Instant } from '../kernel/clock.ts'
import type { Uuid } from '../kernel/ids.ts'
import type { RevisionSpan, StoredLine } from './line-store.ts'
import type { Line, Subscription, Successor, Transition } from './types.ts'

/** A state of a subscription, and the span of time in which it is in force. null: no end. */
export type Revision = RevisionSpan & { subscription: Subscription; until: Instant | null }

/**
 * Returns the revisions that change: the last one of each changed subscription, and those after it.
 * Notices change nothing. A billing period that begins, and a change at the instant of another one,
 * change the revision in which they are.
 */
export function revisionsOf(
  { line, revisions }: Pick<StoredLine, 'line' | 'revisions'>,
  transitions: readonly Transition[],
): Revision[] {
  const bySubscription = Map.groupBy(transitions, ({ after }) => after.key)
  return [...bySubscription].flatMap(([key, changes]) => {
    const before = line.subscriptions.find((each) => each.key === key)
    const span = revisions.get(key)
    const last = before && span && { ...span, subscription: before, until: null }
    const states = changes.reduce(withChange, last === undefined ? [] : [last])
    return states.length === 1 && states[0] === last ? [] : states
  })
}

function withChange(states: readonly Revision[], { at, kind, after }: Transition): Revision[] {
  const last = states.at(-1)
  if (last === undefined) return [{ revision: 0, since: at, subscription: after, until: null }]
  const earlier = states.slice(0, -1)
  if (last.subscription === after) return [...states]
  if (kind === 'PERIOD_STARTED' || last.since === at)
    return [...earlier, { ...last, subscription: after }]
  const next = { revision: last.revision + 1, since: at, subscription: after, until: null }
  return [...earlier, { ...last, until: at }, next]
}

/** The ids of a line that are taken: of its subscriptions, and of those that are to follow. */
export type Member = Pick<Successor, 'key' | 'id' | 'planKey'>

/**
 * Returns the subscriptions of a line that are to come because their plan was scheduled. Their ids
 * were chosen by the caller.
 */
const scheduledMembers = ({ subscriptions }: Line): Member[] =>
  subscriptions.flatMap(({ updates }) =>
    updates.flatMap(({ status, change }) =>
      status === 'SCHEDULED' && 'successor' in change ? [change.successor] : [],
    ),
  )

/** Returns the members of a line that are new, and those that are scheduled no more. */
export function changedMembers(
  before: Line,
  after: Line,
  transitions: readonly Transition[],
): { added: Member[]; removed: Member[] } {
  const created = transitions.flatMap((each) => (each.before === null ? [each.after] : []))
  const [was, is] = [scheduledMembers(before), scheduledMembers(after)]
  const has = (list: readonly Member[], key: Uuid) => list.some((each) => each.key === key)
  return {
    added: [...created, ...is.filter(({ key }) => !has(was, key))].filter(
      ({ key }) => !has(was, key),
    ),
    removed: was.filter(({ key }) => !has(is, key) && !has(created, key)),
  }
}
