// The tables of an implementation by hand, with a row for each limit.

/**
 * The four levels of the customer's tree. An implementation for one product knows them, and need
 * not look up which limits apply.
 */
export const LEVELS = ['org', 'team', 'squad', 'user'].map((id) => `bench-${id}`)
export const MODEL = 'bench-model'
/** The levels that have a second budget, only for the model. */
export const SCOPED = LEVELS.slice(0, 2)

/** The limits that apply to a use. The most contended ones come last, to be locked briefly. */
export const LIMITS: readonly string[] = [
  ...LEVELS.toReversed(),
  ...SCOPED.toReversed().map((level) => `${level} of ${MODEL}`),
  'customer',
]

/** The fill factor is that of the server's tables, so that updated rows stay on their page. */
export const TABLES = `
  create table if not exists by_hand_limits (customer text, name text, most bigint not null,
    month date not null, used bigint not null, held bigint not null,
    primary key (customer, name)) with (fillfactor = 80);
  create table if not exists by_hand_records (customer text, key text, id uuid not null,
    feature text not null, value bigint not null, dimensions jsonb, at timestamptz not null,
    primary key (customer, key));
  create table if not exists by_hand_holds (id uuid primary key, customer text not null,
    key text not null, feature text not null, value bigint not null, dimensions jsonb,
    status text not null, expires_at timestamptz not null, unique (customer, key))
    with (fillfactor = 80)`

/** Counts the records, including those of the server, and the holds. */
export const WRITTEN = `
  select (select count(*) from usage_events) + (select count(*) from reservations)
    + (select count(*) from by_hand_records) + (select count(*) from by_hand_holds) as count`

/** Creates the limits of customers that have none. */
export const limitsOf = (customersWhere: string, most: number): string => `
  insert into by_hand_limits
  select c.id, of.name, ${most}, date_trunc('month', now(), 'UTC')::date, 0, 0
  from customers c, unnest(array[${LIMITS.map((name) => `'${name}'`).join(', ')}]) as of (name)
  where ${customersWhere} on conflict do nothing`
