-- What each version of a package gives. A row keeps its key in later versions.
create table package_entitlements (
  package_key uuid not null,
  version integer not null,
  entitlement_key uuid not null,
  environment_key uuid not null references environments,
  feature_key uuid references features,
  currency_key uuid references currencies,
  behavior text not null check (behavior in ('Increment', 'Override')),
  is_granted boolean not null,
  is_custom boolean not null,
  is_soft boolean not null,
  hidden_from_widgets text[] not null,
  display_order numeric(30,10) not null,
  display_name_override text,
  description text,
  usage_limit numeric(30,10) check (usage_limit >= 0),
  is_unlimited boolean,
  enum_values text[],
  reset_period text check (reset_period in ('YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR')),
  reset_according_to text,
  amount numeric(30,10) check (amount >= 0),
  cadence text check (cadence in ('MONTH', 'YEAR')),
  dependency_key uuid references features,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (package_key, version, entitlement_key),
  foreign key (package_key, version) references package_versions on delete cascade,
  check ((feature_key is null) <> (currency_key is null)),
  check ((feature_key is not null) = (is_unlimited is not null)),
  check ((feature_key is not null) = (enum_values is not null)),
  check ((currency_key is not null) = (cadence is not null)),
  check (feature_key is null or (amount is null and dependency_key is null)),
  check (currency_key is null or (usage_limit is null and reset_period is null))
);

create unique index package_features on package_entitlements (package_key, version, feature_key)
  where feature_key is not null;
create unique index package_credits on package_entitlements (package_key, version, currency_key)
  where currency_key is not null;
-- Which packages give a feature or a currency, before it is archived.
create index packages_with_feature on package_entitlements (feature_key, package_key, version)
  where feature_key is not null;
create index packages_with_currency on package_entitlements (currency_key, package_key, version)
  where currency_key is not null;
create index packages_with_dependency on package_entitlements (dependency_key, package_key, version)
  where dependency_key is not null;

-- The rules refuse this earlier. A version that was published stays as customers bought it. Its
-- instants may be repaired after a wrong clock, and a backup is loaded row by row.
create function refuse_published_entitlements() returns trigger language plpgsql as $$
begin
  if exists (select from package_versions v where v.package_key = old.package_key
      and v.version = old.version and v.published_at is not null)
    and (tg_op = 'DELETE' or (to_jsonb(new) - 'created_at' - 'updated_at')
      <> (to_jsonb(old) - 'created_at' - 'updated_at')) then
    raise exception 'version % of package % is published', old.version, old.package_key;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create trigger refuse_published_entitlements before update or delete on package_entitlements
  for each row execute function refuse_published_entitlements();
