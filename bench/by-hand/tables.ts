// What somebody would write without such a server: tables with a row for every limit.

/**
 * The customer itself, the four levels of its tree, and the model that scopes two budgets. Whoever
 * writes this for one product knows them, and asks no table which limits a use meets.
 */
export const LEVELS = ['org', 'team', 'squad', 'user'].map((id) => `bench-${id}`)
export const MODEL = 'bench-model'
/** The levels that have a second budget, for the model alone. */
export const SCOPED = LEVELS.slice(0, 2)

/** The limits that a use meets: what is shared most comes last, so that it is held briefly. */
export const LIMITS: readonly string[] = [
  ...LEVELS.toReversed(),
  ...SCOPED.toReversed().map((level) => `${level} of ${MODEL}`),
  'customer',
]

/** Rows that change stay on their page: the tables of the server leave the same room. */
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

/** How many records there are, the server's own among them, and how many uses are held. */
export const WRITTEN = `
  select (select count(*) from usage_events) + (select count(*) from reservations)
    + (select count(*) from by_hand_records) + (select count(*) from by_hand_holds) as count`

/** Gives customers their limits, unless they have them. */
export const limitsOf = (customersWhere: string, most: number): string => `
  insert into by_hand_limits
  select c.id, of.name, ${most}, date_trunc('month', now(), 'UTC')::date, 0, 0
  from customers c, unnest(array[${LIMITS.map((name) => `'${name}'`).join(', ')}]) as of (name)
  where ${customersWhere} on conflict do nothing`
