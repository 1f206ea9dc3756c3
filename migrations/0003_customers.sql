-- Finds the customer of an id that is unique in its environment. Written first in the transaction
-- that creates the object, so that two creators of one id meet here.
create table directory (
  environment_key uuid not null references environments,
  kind text not null,
  id text collate "C" not null,
  customer_key uuid not null,
  primary key (environment_key, kind, id)
);

create table customers (
  customer_key uuid primary key,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  name text,
  email text,
  billing_id text,
  billing_currency text,
  language text,
  timezone text,
  default_payment_method jsonb,
  passthrough jsonb,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz
);

create index customers_of_environment on customers (environment_key, customer_key);
-- Names have no length limit in the contract and an index row has: hence the digest.
-- The key comes last so that a page of many of the same name needs no sorting.
create index customers_by_email on customers (environment_key, md5(email), customer_key)
  where email is not null;
create index customers_by_name on customers (environment_key, md5(name), customer_key)
  where name is not null;

-- An outside system that customers of the environment are linked to.
create table integrations (
  environment_key uuid not null references environments,
  id text collate "C" not null,
  vendor text not null,
  created_at timestamptz not null,
  primary key (environment_key, id)
);

create table customer_integrations (
  customer_key uuid not null references customers,
  link_key uuid not null,
  environment_key uuid not null,
  integration_id text collate "C" not null,
  vendor text not null,
  synced_entity_id text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_key, link_key),
  unique (customer_key, integration_id),
  foreign key (environment_key, integration_id) references integrations
);
