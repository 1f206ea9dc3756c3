-- What is sold: products, and their plans and add-ons in numbered versions. Small tables.

create table products (
  product_key uuid primary key,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  display_name text not null,
  folded_name text not null,
  description text,
  multiple_subscriptions boolean not null,
  start_setup text not null check (start_setup in ('PLAN_SELECTION', 'TRIAL_PERIOD', 'FREE_PLAN')),
  -- Plans of this product. No foreign keys: the plans refer to the product.
  start_plan_key uuid,
  end_setup text not null check (end_setup in ('DOWNGRADE_TO_FREE', 'CANCEL_SUBSCRIPTION')),
  downgrade_plan_key uuid,
  cancellation_time text not null
    check (cancellation_time in ('END_OF_BILLING_PERIOD', 'IMMEDIATE', 'SPECIFIC_DATE')),
  prorate_at_end boolean,
  usage_reset_cutoff text not null
    check (usage_reset_cutoff in ('NEVER_RESET', 'ALWAYS_RESET', 'BILLING_PERIOD_CHANGE')),
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  unique (environment_key, id),
  check (start_setup = 'PLAN_SELECTION' or start_plan_key is not null),
  check (end_setup = 'CANCEL_SUBSCRIPTION' or downgrade_plan_key is not null)
);

create index products_of_environment on products (environment_key, product_key);

create table packages (
  package_key uuid primary key,
  environment_key uuid not null references environments,
  product_key uuid not null references products,
  type text not null check (type in ('Plan', 'Addon')),
  id text collate "C" not null,
  -- The newest published version, and the one that can be changed.
  latest_version integer check (latest_version >= 1),
  draft_version integer check (draft_version >= 1),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  -- Unarchiving the product unarchives these.
  archived_with_product boolean not null,
  unique (environment_key, id),
  check (draft_version = coalesce(latest_version, 0) + 1),
  check (archived_at is null or draft_version is null or latest_version is null),
  check (coalesce(latest_version, draft_version) is not null),
  check (archived_at is not null or not archived_with_product)
);

create index packages_of_environment on packages (environment_key, package_key);
create index packages_of_product on packages (product_key, package_key);

-- When packages were archived. Work that runs late must know what was archived earlier.
create table package_archivals (
  package_key uuid not null references packages on delete cascade,
  number integer not null check (number >= 1),
  environment_key uuid not null references environments,
  archived_at timestamptz not null,
  -- Null while the package is archived.
  unarchived_at timestamptz,
  primary key (package_key, number)
);

create unique index package_archivals_in_force on package_archivals (package_key)
  where unarchived_at is null;

create table package_versions (
  version_key uuid not null unique,
  package_key uuid not null references packages on delete cascade,
  version integer not null check (version >= 1),
  environment_key uuid not null references environments,
  display_name text not null,
  folded_name text not null,
  description text,
  billing_id text,
  pricing_type text check (pricing_type in ('FREE', 'PAID', 'CUSTOM')),
  -- Deferred: the copies of a product's packages are inserted in any order.
  parent_key uuid references packages deferrable initially deferred,
  -- Null and the empty list both mean none. The API answers with what was sent.
  compatible_addon_keys uuid[],
  default_trial jsonb,
  max_quantity integer check (max_quantity >= 1),
  dependency_keys uuid[] not null,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Null for a draft.
  published_at timestamptz,
  -- The type of its package, as long as it is the draft or the latest version. Null after that.
  listed_type text check (listed_type in ('Plan', 'Addon')),
  primary key (package_key, version)
);

-- For the lists of plans and add-ons.
create index package_versions_in_lists on package_versions
  (environment_key, listed_type, version_key) where listed_type is not null;

-- Which plans inherit from a plan, before it is archived.
create index package_versions_with_parent on package_versions (parent_key)
  where parent_key is not null;

-- The rules refuse this earlier. A published version stays as customers bought it. It leaves the
-- lists after the next one is published. Its instants may be repaired after a wrong clock.
create function refuse_published_versions() returns trigger language plpgsql as $$
declare
  free text[] := array['created_at', 'updated_at', 'published_at', 'listed_type'];
begin
  if old.published_at is not null
    and (tg_op = 'DELETE' or new.published_at is null
      or to_jsonb(new) - free <> to_jsonb(old) - free) then
    raise exception 'version % of package % is published', old.version, old.package_key;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger refuse_published_versions before update or delete on package_versions
  for each row execute function refuse_published_versions();
