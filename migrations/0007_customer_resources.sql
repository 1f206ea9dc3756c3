-- What a customer has subscriptions for: a site, a workspace. A row comes with the first of them.

create table customer_resources (
  customer_key uuid not null references customers,
  resource_key uuid not null,
  environment_key uuid not null,
  id text collate "C" not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_key, resource_key),
  unique (customer_key, id)
);
