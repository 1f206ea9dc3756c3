-- What was denied, with the explanation of that moment, and how much was decided in each minute.
-- Both are written beside the path of decisions, and may be incomplete: see src/decisions.

create table decisions (
  -- The key of the environment if the customer did not exist.
  customer_key uuid not null,
  -- It contains the instant of the first denial that the row stands for.
  decision_key uuid not null,
  environment_key uuid not null,
  -- Servers that deny the same within one minute write one row.
  merge_key uuid not null,
  kind text not null check (kind in ('CHECK', 'CONSUME', 'RESERVE')),
  customer_id text collate "C" not null,
  resource_id text collate "C",
  capability_kind text not null check (capability_kind in ('feature', 'currency')),
  capability_id text collate "C" not null,
  reason text not null,
  -- The entity whose budget denied; else the first one that the dimensions named.
  entity_id text collate "C",
  -- All entities on the budget paths.
  entity_ids text[] collate "C" not null,
  -- The budgets that denied.
  budget_keys uuid[] not null,
  count bigint not null,
  last_at timestamptz not null,
  actor_kind text not null,
  actor_id text not null,
  trace_id text,
  -- What was asked, and the explanation. Null if they were too large.
  request jsonb,
  explanation jsonb,
  primary key (customer_key, decision_key),
  unique (customer_key, merge_key)
);

create index decisions_in_order on decisions (environment_key, decision_key);
create index decisions_of_customer on decisions (environment_key, customer_id, decision_key);

-- One row of each server: another count of the same minute replaces it.
create table decision_minutes (
  environment_key uuid not null,
  minute timestamptz not null,
  server_key uuid not null,
  checks bigint not null,
  consumptions bigint not null,
  reservations bigint not null,
  granted bigint not null,
  records bigint not null,
  -- Counts by reason.
  denials jsonb not null,
  primary key (environment_key, minute, server_key)
);
