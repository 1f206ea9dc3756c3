-- Features granted to a customer outside of any subscription. What is over stays, as a record of
-- what the customer once had.
create table promotional_entitlements (
  customer_key uuid not null references customers,
  promotional_key uuid not null,
  environment_key uuid not null,
  feature_key uuid not null references features,
  period text not null
    check (period in ('1 week', '1 month', '6 month', '1 year', 'lifetime', 'custom')),
  -- null: none, for a feature that is no NUMBER or has no limit.
  usage_limit numeric(30,10),
  is_unlimited boolean not null,
  is_soft boolean not null,
  -- Empty unless the feature is an ENUM.
  enum_values text[] not null,
  is_visible boolean not null,
  reset_period text check (reset_period in ('YEAR', 'MONTH', 'WEEK', 'DAY', 'HOUR')),
  reset_according_to text,
  starts_at timestamptz not null,
  -- Exclusive: infinity for a lifetime. Revoking moves it to the present.
  ends_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_key, promotional_key)
);

-- As of entities: a hundred for each customer, however few most have.
alter table promotional_entitlements alter column customer_key set (n_distinct = -0.01);

-- What is in force stands behind what is over.
create index promotional_entitlements_in_force
  on promotional_entitlements (customer_key, feature_key, ends_at);
-- Answers whether a value of a feature is in use, whoever has it.
create index promotional_entitlements_of_feature
  on promotional_entitlements (feature_key, ends_at);

-- What the customer tokens of an environment are signed with. In clear: whoever checks a signature
-- has to make it.
create table signing_secrets (
  environment_key uuid primary key references environments,
  secret text not null,
  -- Whether a publishable key needs a token.
  is_enforced boolean not null,
  created_at timestamptz not null
);
