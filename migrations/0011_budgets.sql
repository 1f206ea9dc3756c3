-- Budgets of entities, their place in a customer's tree, and what was counted for them.

-- A place comes with an entity's first budget. Searched is what the application has folded: the
-- database's own folding depends on how its cluster was made.
alter table entities
  add column parent_key uuid,
  add column placed_at timestamptz,
  add column folded_name text,
  add foreign key (customer_key, parent_key) references entities (customer_key, entity_key),
  add check (parent_key is null or placed_at is not null);

-- Ten children for each parent, whatever is found: where nearly all entities have one parent, the
-- planner would else read all of them to look for the children of any.
alter table entities alter column parent_key set (n_distinct = -0.1);

create index entities_by_parent on entities (customer_key, parent_key)
  where parent_key is not null;

-- One row per entity, capability and scope. The windows of each cadence that a budget ever had are
-- counted under a revision of their own.
create table assignments (
  customer_key uuid not null references customers,
  assignment_key uuid not null,
  environment_key uuid not null,
  entity_key uuid not null,
  capability_kind text not null check (capability_kind in ('feature', 'currency')),
  -- Of a feature or a currency; no two have one key.
  capability_key uuid not null,
  -- Entities, each once, the newest first.
  scope_keys uuid[] not null,
  -- One entity that every use of the budget names, the nil UUID for a budget without a scope: by it
  -- the few budgets that a request meets are found among very many of one entity.
  scope_head uuid not null generated always as
    (coalesce(scope_keys[1], '00000000-0000-0000-0000-000000000000'::uuid)) stored,
  usage_limit numeric(30,10),
  cadence text not null,
  revision integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_key, assignment_key),
  foreign key (customer_key, entity_key) references entities (customer_key, entity_key),
  unique (customer_key, entity_key, capability_key, scope_head, scope_keys)
);

-- As of entities: a hundred for each customer, however few most have.
alter table assignments alter column customer_key set (n_distinct = -0.01);

-- There is no index by entity alone: most entities have few budgets, so the planner would take it
-- for the few that have very many, and read all of these for each record. For the same reason the
-- next two are by the text of a key: only who asks by that text finds them.
create index assignments_of_capability on assignments
  (customer_key, (capability_key::text), assignment_key);

-- Answers whether anybody budgets a feature.
create index assignments_leaning on assignments ((capability_key::text));

-- The cadences that budgets no longer have, and until when each was theirs.
create table past_cadences (
  customer_key uuid not null,
  assignment_key uuid not null,
  revision integer not null,
  environment_key uuid not null,
  cadence text not null,
  ended_at timestamptz not null,
  primary key (customer_key, assignment_key, revision),
  foreign key (customer_key, assignment_key) references assignments
);

-- What was counted for a budget in a window: the sum of the postings on the records, signed; and
-- what open reservations hold of it. One that is missing is 0.
create table budget_counters (
  customer_key uuid not null,
  assignment_key uuid not null,
  revision integer not null,
  window_start timestamptz not null,
  environment_key uuid not null,
  -- With room for more than any limit.
  usage numeric(40,10) not null default 0,
  held numeric(40,10) not null default 0,
  primary key (customer_key, assignment_key, revision, window_start)
) with (fillfactor = 80);

-- The percentages of its limit at which every budget of an environment is announced.
create table threshold_configs (
  environment_key uuid primary key references environments,
  thresholds numeric(30,10)[] not null
);

-- Which of them were announced for a budget's window, so that each is once.
create table fired_thresholds (
  customer_key uuid not null,
  assignment_key uuid not null,
  revision integer not null,
  window_start timestamptz not null,
  threshold numeric(30,10) not null,
  environment_key uuid not null,
  fired_at timestamptz not null,
  primary key (customer_key, assignment_key, revision, window_start, threshold)
);

-- How often an attribution key of counted usage named no entity.
create table unattributed_usage (
  customer_key uuid not null,
  attribution_key text collate "C" not null,
  environment_key uuid not null,
  records bigint not null,
  last_at timestamptz not null,
  primary key (customer_key, attribution_key)
);
