create table entity_types (
  entity_type_key uuid primary key,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  display_name text not null,
  description text,
  attribution_keys text[] not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  unique (environment_key, id)
);

create index entity_types_of_environment on entity_types (environment_key, entity_type_key);

create table entities (
  customer_key uuid not null references customers,
  entity_key uuid not null,
  environment_key uuid not null,
  id text collate "C" not null,
  entity_type_key uuid not null references entity_types,
  display_name text,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  primary key (customer_key, entity_key),
  unique (customer_key, id)
);

-- A hundred entities for each customer, however small most are: a planner that takes all customers
-- for small believes that any index by customer finds the few rows that one asks for, and reads
-- whole large customers.
alter table entities alter column customer_key set (n_distinct = -0.01);

create index entities_by_type on entities (customer_key, entity_type_key, entity_key);
-- Answers whether a type still has active entities, whoever owns them.
create index entities_active_of_type on entities (entity_type_key) where archived_at is null;
