-- What customers have subscribed to. A line is what takes each other's place: all subscriptions
-- of a customer to one product, for one resource or for none.

create table subscription_lines (
  customer_key uuid not null references customers,
  line_key uuid not null,
  environment_key uuid not null references environments,
  product_key uuid not null references products,
  -- Null: for no resource.
  resource_key uuid,
  -- Everything that was due until then (inclusive) has been applied and is stored.
  settled_at timestamptz not null,
  primary key (customer_key, line_key),
  unique nulls not distinct (customer_key, product_key, resource_key),
  foreign key (customer_key, resource_key) references customer_resources
);

-- As of entities: a hundred for each customer, however few most have.
alter table subscription_lines alter column customer_key set (n_distinct = -0.01);

-- What time does not change of a subscription. Its id is also in the directory.
create table subscriptions (
  customer_key uuid not null references customers,
  subscription_key uuid not null,
  environment_key uuid not null references environments,
  id text collate "C" not null,
  plan_key uuid not null references packages,
  paying_customer_key uuid,
  billing_id text,
  salesforce_id text,
  created_at timestamptz not null,
  primary key (customer_key, subscription_key),
  unique (customer_key, id)
);

alter table subscriptions alter column customer_key set (n_distinct = -0.01);

create index subscriptions_of_environment on subscriptions (environment_key, subscription_key);
create index subscriptions_of_plan on subscriptions (plan_key, subscription_key);

-- The states of a subscription between two changes, in their order and without a gap. They are
-- kept: what a customer had at an earlier instant can be read.
create table subscription_revisions (
  customer_key uuid not null,
  subscription_key uuid not null,
  revision integer not null check (revision >= 0),
  environment_key uuid not null references environments,
  line_key uuid not null,
  since timestamptz not null,
  -- Exclusive. Null: the state now, unless something is due since the line was settled.
  until timestamptz,
  status text not null check (status in
    ('NOT_STARTED', 'PAYMENT_PENDING', 'IN_TRIAL', 'ACTIVE', 'CANCELED', 'EXPIRED')),
  cancel_reason text,
  pricing_type text not null check (pricing_type in ('FREE', 'PAID', 'CUSTOM')),
  starts_at timestamptz not null,
  -- The trial at whose end it starts.
  follows_trial uuid,
  -- Where a plan follows, it is {key, id, planKey} of the subscription to it.
  ending_at timestamptz,
  ending_successor jsonb,
  cancellation_at timestamptz,
  cancellation_successor jsonb,
  closed_at timestamptz,
  trial_at timestamptz,
  trial_end_behavior text check (trial_end_behavior in ('CONVERT_TO_PAID', 'CANCEL_SUBSCRIPTION')),
  trial_successor jsonb,
  first_payment text not null
    check (first_payment in ('NOT_NEEDED', 'BEFORE_CHARGE', 'BEFORE_TRIAL')),
  payment_until timestamptz,
  billing_period text check (billing_period in ('MONTHLY', 'ANNUALLY')),
  anchor timestamptz,
  -- It changes within a revision. That of an earlier instant follows from the anchor.
  period_start timestamptz,
  usage_anchor timestamptz not null,
  usage_cutoff text not null
    check (usage_cutoff in ('NEVER_RESET', 'ALWAYS_RESET', 'BILLING_PERIOD_CHANGE')),
  -- Add-ons, bought units, overrides and metadata.
  content jsonb not null,
  -- The versions of packages, the plan first: a list of {packageKey, version}.
  pins jsonb not null,
  updates jsonb not null,
  primary key (customer_key, subscription_key, revision),
  foreign key (customer_key, subscription_key) references subscriptions,
  foreign key (customer_key, line_key) references subscription_lines,
  check (until > since),
  check ((trial_at is null) = (trial_end_behavior is null)),
  check ((closed_at is null) = (status not in ('CANCELED', 'EXPIRED')))
);

alter table subscription_revisions alter column customer_key set (n_distinct = -0.01);

-- The last revision of each subscription.
create unique index subscription_revisions_last
  on subscription_revisions (customer_key, subscription_key) where until is null;
-- What has not ended stands behind what has.
create index subscription_revisions_live
  on subscription_revisions (customer_key, line_key, subscription_key)
  where until is null and closed_at is null;
-- For lists by status.
create index subscription_revisions_by_status
  on subscription_revisions (environment_key, status, subscription_key) where until is null;

-- For reads of an earlier instant: what was in force then has been replaced or has ended since.
create index subscription_revisions_past on subscription_revisions (customer_key, until)
  where until is not null and closed_at is null;
create index subscription_revisions_closed on subscription_revisions (customer_key, closed_at)
  where closed_at is not null;
