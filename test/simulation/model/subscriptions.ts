/**
 * Subscriptions of one customer to one product, written from the tables of states and not from the
 * code of the server. The model lives through time step by step, and changes plain objects. It
 * knows one add-on at most, and no payments.
 */
export type ModelSubscription = {
  id: string
  plan: string
  status: string
  reason: string | null
  starts: number
  trial: { ends: number; converts: boolean; next: string } | null
  cancels: { at: number; next: string | null } | null
  anchor: number | null
  pins: string
  units: number
  laterUnits: { at: number; units: number } | null
  laterPlan: { at: number; plan: string; id: string; units: number } | null
  /** The start of the last billing period that was announced. */
  periodFrom: number | null
}

type ModelPlan = {
  rank: number
  /** In months. null: no billing periods. */
  period: number | null
  parent: string | null
  /** The instants at which its versions were published. */
  published: readonly number[]
}
export type ModelPlans = Readonly<Record<string, ModelPlan>>
/** What the units of a subscription are: those of a feature, or the quantity of an add-on. */
export type ModelUnits = 'FEATURE' | 'ADDON'

export type ModelMove =
  | ({ type: 'provision'; id: string; plan: string; startsAt: number | null; atEnd: boolean } & {
      trial: { ends: number; converts: boolean } | null
      isTrialRefused: boolean
    })
  | { type: 'cancel'; id: string; atEnd: boolean | null; next: string }
  | { type: 'units'; id: string; units: number; atEnd: boolean }

const FREE = 'free'
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** The same day and time some months later, or the last day of that month. */
function monthsAfter(from: number, months: number): number {
  const date = new Date(from)
  const count = date.getUTCFullYear() * 12 + date.getUTCMonth() + months
  const [year, month] = [Math.floor(count / 12), count % 12]
  const last = month === 1 && isLeap(year) ? 29 : (DAYS[month] ?? 0)
  const midnight = Date.UTC(year, month, Math.min(date.getUTCDate(), last))
  return midnight + (from - Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()))
}

export class SubscriptionModel {
  readonly all: ModelSubscription[] = []
  /** What is announced, each with the instant, and with the plan and status from then on. */
  readonly events: { at: number; what: string }[] = []
  readonly #plans: ModelPlans
  readonly #units: ModelUnits
  #isDue = false
  constructor(plans: ModelPlans, units: ModelUnits) {
    this.#plans = plans
    this.#units = units
  }

  /** The billing period that contains `t`, found by counting on from the anchor. */
  period({ anchor, plan, status }: ModelSubscription, t: number): [number, number] | null {
    const months = this.#plans[plan]?.period ?? null
    if (anchor === null || months === null || status !== 'ACTIVE') return null
    let count = 0
    while (monthsAfter(anchor, (count + 1) * months) <= t) count += 1
    return [monthsAfter(anchor, count * months), monthsAfter(anchor, (count + 1) * months)]
  }

  /** Everything that is due at `t`, in the order of the table. It meets the versions before `t`. */
  live(t: number): void {
    this.#isDue = true
    this.#liveAt(t)
    this.#isDue = false
  }

  #liveAt(t: number): void {
    for (const each of this.#with('NOT_STARTED')) if (each.starts <= t) this.#start(each, t)
    for (const each of this.#with('IN_TRIAL'))
      if (each.trial && each.trial.ends <= t) this.#endTrial(each, each.trial, t)
    for (const each of this.#with('ACTIVE', 'IN_TRIAL'))
      if (each.cancels && each.cancels.at <= t) {
        this.#close(each, 'ScheduledCancellation', t)
        this.#follow(each.cancels.next, t)
      }
    for (const each of this.#with('ACTIVE')) {
      const from = this.period(each, t)?.[0] ?? null
      if (from !== null && from !== each.periodFrom) this.#announce('updated', each, from)
      each.periodFrom = from
    }
    // A plan that is scheduled replaces scheduled units, so it was there before them.
    for (const each of this.#with('ACTIVE')) {
      if (each.laterPlan && each.laterPlan.at <= t) {
        const { id, plan, units } = each.laterPlan
        this.#announce('updated', each, t)
        this.#replace(each, { id, plan, units, cancels: each.cancels }, t)
      }
      if (each.laterUnits && each.laterUnits.at <= t) {
        each.units = each.laterUnits.units
        each.laterUnits = null
        this.#announce('updated', each, t)
      }
    }
  }

  /** Returns whether the request is accepted. */
  make(move: ModelMove, t: number): boolean {
    if (move.type === 'provision') return this.#provision(move, t)
    const each = this.all.find(({ id }) => id === move.id)
    if (each === undefined || each.status === 'CANCELED') return false
    if (move.type === 'cancel') return this.#cancel(each, move, t)
    return this.#changing(each, t, () => this.#setUnits(each, move, t))
  }

  /** Announces what a change has changed, if anything. */
  #changing(each: ModelSubscription, t: number, change: () => boolean): boolean {
    const before = JSON.stringify(each)
    const isAccepted = change()
    if (JSON.stringify(each) !== before) this.#announce('updated', each, t)
    return isAccepted
  }

  #announce(type: string, { plan, status }: ModelSubscription, at: number): void {
    this.events.push({ at, what: `subscription.${type} ${plan} ${status}` })
  }

  #provision(move: Extract<ModelMove, { type: 'provision' }>, t: number): boolean {
    const { id, plan, startsAt, atEnd, trial, isTrialRefused } = move
    const main = this.#with('ACTIVE')[0]
    const trying = this.#with('IN_TRIAL')[0]
    const isAhead = startsAt !== null && startsAt > t
    if (!isAhead && trial === null) {
      if (main?.plan === plan) return true
      if (trying?.plan === plan) {
        this.#convert(trying, t, t)
        return true
      }
      const isNow = startsAt !== null || isTrialRefused || atEnd
      if (trying?.trial && plan !== FREE && !isNow) {
        this.#schedule(this.#add({ id, plan, starts: trying.trial.ends }), t)
        return true
      }
      if (main) {
        const end = this.period(main, t)?.[1]
        if (!atEnd || startsAt !== null) {
          this.#replace(main, { id, plan, cancels: null, starts: startsAt ?? t }, t)
          return true
        }
        if (end === undefined) return false
        return this.#changing(main, t, () => {
          main.laterUnits = null
          main.laterPlan = { at: end, plan, id, units: 0 }
          return true
        })
      }
    }
    const added = this.#add({ id, plan, starts: startsAt ?? t })
    added.trial = trial && { ...trial, next: `${id}-next` }
    if (isAhead) this.#schedule(added, t)
    else this.#start(added, t)
    return true
  }

  #cancel(each: ModelSubscription, move: Extract<ModelMove, { type: 'cancel' }>, t: number) {
    const { atEnd, next } = move
    const end = this.period(each, t)?.[1]
    if (each.status === 'ACTIVE' && atEnd !== false) {
      if (end === undefined && atEnd) return false
      if (end !== undefined) {
        const cancels = { at: end, next: each.plan === FREE ? null : next }
        return this.#changing(each, t, () => {
          const isSame =
            each.cancels?.at === end && (each.cancels.next === null) === (cancels.next === null)
          if (!isSame) each.cancels = cancels
          return true
        })
      }
    }
    if (each.status === 'IN_TRIAL' && atEnd) return false
    const hadAccess = each.status !== 'NOT_STARTED'
    this.#close(each, 'Immediate', t)
    if (hadAccess && each.plan !== FREE) this.#follow(next, t)
    return true
  }

  #setUnits(each: ModelSubscription, move: Extract<ModelMove, { type: 'units' }>, t: number) {
    const { units, atEnd } = move
    if (each.status === 'NOT_STARTED') {
      if (atEnd) return false
      each.units = units
      return true
    }
    if (atEnd) {
      if (units === each.units) return true
      const end = this.period(each, t)?.[1]
      if (end === undefined) return false
      if (this.#units === 'ADDON') each.laterPlan = null
      each.laterUnits = { at: end, units }
      return true
    }
    if (this.#units === 'ADDON') {
      if (units !== each.units) Object.assign(each, { units, laterUnits: null, laterPlan: null })
      return true
    }
    if (each.laterUnits && units < each.units) {
      each.laterUnits.units = units
      return true
    }
    if (each.laterPlan && units !== each.units) each.laterPlan.units = units
    each.units = units
    each.laterUnits = null
    return true
  }

  #with(...statuses: readonly string[]): ModelSubscription[] {
    return this.all.filter(({ status }) => statuses.includes(status))
  }

  #add(parts: Pick<ModelSubscription, 'id' | 'plan' | 'starts'> & Partial<ModelSubscription>) {
    const added: ModelSubscription = {
      ...{ status: '', reason: null, trial: null, cancels: null, anchor: null },
      ...{ pins: '', units: 0, laterUnits: null, laterPlan: null, periodFrom: null },
      ...parts,
    }
    this.all.push(added)
    return added
  }

  #schedule(each: ModelSubscription, t: number): void {
    for (const other of this.#with('NOT_STARTED')) this.#close(other, 'UPGRADE_OR_DOWNGRADE', t)
    each.status = 'NOT_STARTED'
    this.#announce('created', each, t)
  }

  #start(each: ModelSubscription, t: number): void {
    each.pins = this.#newest(each.plan, t)
    const period = this.#plans[each.plan]?.period ?? null
    if (each.trial === null && period !== null) each.anchor ??= each.starts
    this.#enter(each, each.trial === null ? 'ACTIVE' : 'IN_TRIAL', t)
  }

  #newest(plan: string, t: number): string {
    const { published = [], parent = null } = this.#plans[plan] ?? {}
    const before = published.filter((at, index) => at < t || index === 0)
    const version = this.#isDue ? before.length : published.filter((at) => at <= t).length
    return `${plan}@${version}${parent === null ? '' : ` ${this.#newest(parent, t)}`}`
  }

  #enter(each: ModelSubscription, status: string, t: number): void {
    for (const other of this.all) {
      if (other === each) continue
      if (other.status === status) this.#close(other, 'UPGRADE_OR_DOWNGRADE', t)
      if (other.status === 'IN_TRIAL' && each.plan !== FREE)
        this.#close(other, 'TRIAL_CONVERTED', t)
    }
    const types: Record<string, string> = { '': 'created', NOT_STARTED: 'updated' }
    const type = types[each.status] ?? 'trial_converted'
    each.status = status
    each.periodFrom = this.period(each, t)?.[0] ?? null
    this.#announce(type, each, t)
    if (status === 'IN_TRIAL') this.#announce('trial_started', each, t)
  }

  #endTrial(
    each: ModelSubscription,
    trial: { ends: number; converts: boolean; next: string },
    t: number,
  ) {
    if (trial.converts) return this.#convert(each, trial.ends, t)
    this.#close(each, 'TRIAL_ENDED', t)
    this.#follow(trial.next, t)
  }

  #convert(each: ModelSubscription, anchor: number, t: number): void {
    each.anchor = anchor
    this.#enter(each, 'ACTIVE', t)
  }

  #replace(
    each: ModelSubscription,
    by: Pick<ModelSubscription, 'id' | 'plan' | 'cancels'> & { starts?: number; units?: number },
    t: number,
  ): void {
    const [from, to] = [
      this.#plans[each.plan]?.period ?? null,
      this.#plans[by.plan]?.period ?? null,
    ]
    const anchor = to === null ? null : from === to ? each.anchor : t
    this.#start(this.#add({ starts: t, ...by, anchor }), t)
  }

  #close(each: ModelSubscription, reason: string, t: number): void {
    each.status = 'CANCELED'
    each.reason = reason
    each.laterPlan = null
    each.laterUnits = null
    const types: Record<string, string> = {
      TRIAL_ENDED: 'trial_expired',
      TRIAL_CONVERTED: 'trial_converted',
    }
    this.#announce(types[reason] ?? 'canceled', each, t)
  }

  #follow(next: string | null, t: number): void {
    if (next === null || this.#with('ACTIVE').length > 0) return
    this.#start(this.#add({ id: next, plan: FREE, starts: t }), t)
  }
}
