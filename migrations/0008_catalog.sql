-- What an environment can grant: features, and the currencies of credits. Small tables.

-- Grows with every change of the environment's features and currencies, so that whoever remembers
-- them can tell in one read whether they are still so.
create table catalog_versions (
  environment_key uuid primary key references environments,
  version bigint not null
);

create table features (
  feature_key uuid primary key,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  display_name text not null,
  description text,
  feature_type text not null check (feature_type in ('BOOLEAN', 'NUMBER', 'ENUM')),
  meter_type text not null check (meter_type in ('None', 'FLUCTUATING', 'INCREMENTAL')),
  -- SUSPENDED is archived.
  status text not null check (status in ('NEW', 'SUSPENDED', 'ACTIVE')),
  units text,
  units_plural text,
  enum_configuration jsonb,
  unit_transformation jsonb,
  meter jsonb,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (environment_key, id),
  check (meter_type = 'None' or feature_type = 'NUMBER'),
  check (meter is null or meter_type <> 'None'),
  check ((enum_configuration is not null) = (feature_type = 'ENUM'))
);

create index features_of_environment on features (environment_key, feature_key);
-- Which meters an event may feed.
create index features_metered on features (environment_key, feature_key) where meter is not null;

create table currencies (
  currency_key uuid primary key,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  display_name text not null,
  description text,
  symbol text,
  units jsonb,
  metadata jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  archived_at timestamptz,
  unique (environment_key, id)
);

create index currencies_of_environment on currencies (environment_key, currency_key);
