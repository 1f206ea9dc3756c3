-- What customers used. Nothing here has a foreign key to another row of its customer: each check of
-- one would cost a record more than its own insert.

-- One row per customer: whoever counts or decides usage of the customer locks it first, and so
-- does, last, whoever changes what a record is attributed to or compared with (entities, budgets,
-- entitlements), raising the version. So every record falls before or after such a change.
create table customer_heads (
  customer_key uuid primary key references customers,
  environment_key uuid not null,
  version bigint not null,
  -- The latest instant at which anything was decided: processes whose clocks differ never go back.
  decided_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- The same for what all customers of an environment share: the attribution keys of entity types.
-- Nobody who counts usage locks it.
create table environment_heads (
  environment_key uuid primary key references environments,
  version bigint not null
);

-- Every record that counted, append-only: a counter is a sum over these rows, whatever else keeps
-- it. event_key holds the instant of acceptance, so that a partition is a time of acceptance;
-- occurred_at is the caller's and chooses windows. It is at most an hour after the acceptance.
create table usage_events (
  customer_key uuid not null,
  occurred_at timestamptz not null,
  event_key uuid not null,
  environment_key uuid not null,
  accepted_at timestamptz not null,
  -- REPORT, SET, EVENT, CONSUME or COMMIT.
  kind text not null,
  -- Of an EVENT: its name.
  event_name text collate "C",
  -- As it was sent; null for an EVENT.
  value numeric(30,10),
  -- The nil UUID for none.
  resource_key uuid not null,
  dimensions jsonb,
  -- The features that it counted for, each once, and how much: what a SET differed by, 1 for a
  -- meter that counts, the number of the field, or, for distinct values, 1 and the value as mark.
  feature_keys uuid[] not null,
  amounts numeric(30,10)[] not null,
  marks text[],
  -- The entities that the dimensions named, and these with all their ancestors, as of acceptance.
  direct_entity_keys uuid[],
  entity_keys uuid[],
  -- The budgets that it counted for: one element for each counter, which is the sum of its deltas.
  assignment_keys uuid[],
  assignment_revisions integer[],
  assignment_windows timestamptz[],
  assignment_deltas numeric(30,10)[],
  primary key (customer_key, occurred_at, event_key)
) partition by range (event_key);

-- Finds the SET in force of a window that is not kept.
create index usage_events_set on usage_events (customer_key, occurred_at) where kind = 'SET';

-- Takes what no partition was made for in time.
create table usage_events_default partition of usage_events default;

-- The names by which a repetition is known, each until kept_until.
create table usage_keys (
  customer_key uuid not null,
  -- 128 bits of the SHA-256 of everything that makes up the name.
  key_hash uuid not null,
  environment_key uuid not null,
  -- The record, by (occurred_at, event_key); or the reservation, or a key of its own, where a
  -- decision recorded nothing.
  event_key uuid not null,
  occurred_at timestamptz not null,
  kept_until timestamptz not null,
  -- Of a decision: what was asked for, and the first answer.
  content_hash uuid,
  answer jsonb,
  primary key (customer_key, key_hash)
);

create index usage_keys_by_end on usage_keys (environment_key, kept_until);

-- Usage of a feature in a window, kept as records arrive. The lifetime, -infinity to infinity, and
-- each day (UTC) in which something occurred are always there; other windows come when they are
-- first needed, and may go any time.
create table usage_totals (
  customer_key uuid not null,
  feature_key uuid not null,
  -- The nil UUID for none.
  resource_key uuid not null,
  -- The end stands before the start: closed windows are then out of the way of the open ones.
  window_end timestamptz not null,
  window_start timestamptz not null,
  environment_key uuid not null,
  -- Of the lifetime and of days.
  is_kept boolean not null,
  -- All that any way to aggregate needs, of signed amounts before any unit transformation, so that
  -- a meter may change how it aggregates. The sum has room for more than any that is shown.
  count bigint not null,
  sum numeric(40,10) not null,
  min numeric(30,10),
  max numeric(30,10),
  -- How many marks usage_marks has for it.
  distinct_count bigint not null,
  -- Held by the open reservations that occurred in the window.
  held numeric(40,10) not null default 0,
  -- The latest occurred_at of what counted, -infinity where only something was held, and that of
  -- the SET in force.
  last_at timestamptz not null,
  set_at timestamptz,
  primary key (customer_key, feature_key, resource_key, window_end, window_start)
) with (fillfactor = 80);

create index usage_totals_by_end on usage_totals (environment_key, window_end) where not is_kept;

-- Which distinct values a total has seen, by 128 bits of their SHA-256: one may be too long for an
-- index row.
create table usage_marks (
  customer_key uuid not null,
  feature_key uuid not null,
  resource_key uuid not null,
  -- Before the window: all windows that have seen it are found at once.
  mark_hash uuid not null,
  window_end timestamptz not null,
  window_start timestamptz not null,
  environment_key uuid not null,
  primary key (customer_key, feature_key, resource_key, mark_hash, window_end, window_start)
);

create index usage_marks_by_end on usage_marks (environment_key, window_end);
