import { required } from '../kernel/assert.ts'
import type { Instant } from '../kernel/clock.ts'
import { applyUpdate } from './apply-update.ts'
import { followUp } from './begin-successor.ts'
import { billingMonthAt, currentBillingPeriod } from './billing-period.ts'
import { begin, close, convertTrial, inTurn, isOver, type Moment, put } from './change-line.ts'
import { packagesBefore } from './pin-versions.ts'
import type { Line, LineChange, Packages, Subscription, Transition } from './types.ts'

/** `ends_soon` of a trial is announced 7 days before its end. */
const TRIAL_NOTICE_MS = 7 * 86_400_000
/** The end of a month of billing is announced an hour before. */
const MONTH_NOTICE_MS = 3_600_000

/**
 * What time brings, in the order in which it is applied at one instant. The end of one subscription
 * may be the start of another.
 */
const DUTIES = ['PAYMENT', 'START', 'TRIAL', 'CANCELLATION', 'ENDING', 'PERIOD', 'UPDATE'] as const

type Duty = { at: Instant; duty: (typeof DUTIES)[number]; subscription: Subscription }

/** The most transitions of one call, unless more happen at one instant. */
const TRANSITION_LIMIT = 1000

/**
 * Returns a line with everything applied that is due until `until` (inclusive), and what happened.
 * How often and when it is called has no effect: only the stored instants count. After
 * `TRANSITION_LIMIT` transitions it returns earlier: `settledAt` says how far it got, and another
 * call goes on from there.
 *
 * `packages` must have all versions that were published until `until`.
 */
export function timeline(line: Line, until: Instant, packages: Packages): LineChange {
  if (until < line.settledAt) return { line, transitions: [] }
  let current = line
  const transitions: Transition[] = []
  while (transitions.length < TRANSITION_LIMIT) {
    const at = nextInstant(current)
    if (at === null || at > until) return { line: { ...current, settledAt: until }, transitions }
    const change = applyAll(current, { at, packages })
    transitions.push(...change.transitions)
    current = { ...change.line, settledAt: at }
  }
  return { line: current, transitions }
}

/** Returns the line as it is at an instant, which must not be before `settledAt`. */
export function lineAt(line: Line, at: Instant, packages: Packages): Line {
  let current = line
  while (current.settledAt < at) current = timeline(current, at, packages).line
  return timeline(current, at, packages).line
}

/**
 * Returns the next instant at which something must be written or announced; null if there is none.
 * Nothing that is due is earlier than `settledAt`.
 */
export function nextInstant(line: Line): Instant | null {
  const instants = [...dutiesOf(line), ...noticesOf(line)].map(({ at }) => at)
  return instants.length === 0 ? null : Math.max(Math.min(...instants), line.settledAt)
}

/**
 * Returns the next instant at which the subscriptions may give something else without any write.
 * null if none is known. A billing period alone changes nothing of what they give.
 */
export function nextChange(line: Line): Instant | null {
  const instants = dutiesOf(line).filter(({ duty }) => duty !== 'PERIOD')
  return instants.length === 0 ? null : Math.min(...instants.map(({ at }) => at))
}

/** Applies everything that is due at one instant. Notices come last. */
function applyAll(line: Line, { at, packages }: Moment): LineChange {
  const moment = { at, packages: packagesBefore(packages, at) }
  let change: LineChange = { line, transitions: [] }
  for (let due = firstDue(line, at); due !== null; due = firstDue(change.line, at)) {
    const duty = due
    change = inTurn(change, (now) => apply(now, duty, moment))
  }
  const notices = noticesOf(change.line).filter((notice) => notice.at === at)
  return inTurn(
    change,
    ...notices.map(
      ({ kind, subscription }) =>
        (now: Line) =>
          put(now, subscription, { at, kind }),
    ),
  )
}

function firstDue(line: Line, at: Instant): Duty | null {
  const due = dutiesOf(line).filter((duty) => duty.at <= at)
  const [first = null] = due.toSorted(
    (one, other) => DUTIES.indexOf(one.duty) - DUTIES.indexOf(other.duty),
  )
  return first
}

/** Each duty takes away its own cause, so that it is done once. */
function apply(line: Line, { duty, subscription }: Duty, { at, packages }: Moment): LineChange {
  const { key } = subscription
  if (duty === 'PAYMENT') return close(line, key, { at, reason: 'PENDING_PAYMENT_EXPIRED' })
  if (duty === 'START') return begin(line, subscription, { at, packages, kind: 'STARTED' })
  if (duty === 'TRIAL') return endTrial(line, subscription, { at, packages })
  if (duty === 'PERIOD') return startPeriod(line, subscription, at)
  if (duty === 'UPDATE') return applyUpdate(line, subscription, { at, packages })
  const isCancellation = duty === 'CANCELLATION'
  const ending = required(
    isCancellation ? subscription.cancellation : subscription.ending,
    'an end',
  )
  const reason = isCancellation ? 'ScheduledCancellation' : 'EXPIRED'
  return inTurn(close(line, key, { at, reason }), (now) =>
    followUp(now, { ended: subscription, successor: ending.successor }, { at, packages }),
  )
}

/** A trial that was over before it began is charged from its end on. */
function endTrial(line: Line, subscription: Subscription, { at, packages }: Moment): LineChange {
  const { key } = subscription
  const trial = required(subscription.trial, 'a trial')
  if (trial.endBehavior === 'CONVERT_TO_PAID')
    return convertTrial(line, subscription, { at, anchor: trial.at })
  return inTurn(close(line, key, { at, reason: 'TRIAL_ENDED' }), (now) =>
    followUp(now, { ended: subscription, successor: trial.successor }, { at, packages }),
  )
}

function startPeriod(line: Line, subscription: Subscription, at: Instant): LineChange {
  const { end } = required(currentBillingPeriod(subscription), 'a billing period')
  return put(line, { ...subscription, periodStart: end }, { at, kind: 'PERIOD_STARTED' })
}

/** What is due for the subscriptions, now or later. */
const dutiesOf = ({ subscriptions }: Line): Duty[] =>
  subscriptions.flatMap((subscription) =>
    instantsOf(subscription).flatMap(([duty, at]) =>
      at === null ? [] : [{ at, duty, subscription }],
    ),
  )

function instantsOf(
  subscription: Subscription,
): readonly (readonly [Duty['duty'], Instant | null])[] {
  const { status, startsAt, paymentUntil, trial, cancellation, ending } = subscription
  if (isOver(subscription)) return []
  if (status === 'NOT_STARTED') return [['START', startsAt]]
  const ends = [
    ['CANCELLATION', cancellation?.at ?? null],
    ['ENDING', ending?.at ?? null],
  ] as const
  if (status === 'PAYMENT_PENDING') return [['PAYMENT', paymentUntil], ...ends]
  if (status === 'IN_TRIAL') return [['TRIAL', trial?.at ?? null], ...ends]
  const update = subscription.updates.filter((each) => each.status === 'SCHEDULED')
  return [
    ...ends,
    ['PERIOD', currentBillingPeriod(subscription)?.end ?? null],
    ['UPDATE', update.length === 0 ? null : Math.min(...update.map(({ at }) => at))],
  ]
}

type Notice = {
  at: Instant
  kind: 'TRIAL_ENDS_SOON' | 'BILLING_MONTH_ENDS_SOON'
  subscription: Subscription
}

/** Announcements after `settledAt`. Earlier ones were made, or were never due. */
const noticesOf = ({ subscriptions, settledAt }: Line): Notice[] =>
  subscriptions
    .flatMap((subscription): Notice[] => {
      const { status, trial } = subscription
      if (status === 'IN_TRIAL' && trial !== null)
        return [{ at: trial.at - TRIAL_NOTICE_MS, kind: 'TRIAL_ENDS_SOON', subscription }]
      if (status !== 'ACTIVE') return []
      const month = billingMonthAt(subscription, settledAt + MONTH_NOTICE_MS)
      if (month === null) return []
      return [{ at: month.end - MONTH_NOTICE_MS, kind: 'BILLING_MONTH_ENDS_SOON', subscription }]
    })
    .filter(({ at }) => at > settledAt)
