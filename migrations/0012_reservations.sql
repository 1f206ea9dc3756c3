-- What is held for uses that are yet to be settled, and what became of them. An open reservation
-- counts in every total of its feature that it occurred in and in the counters that it names: their
-- column held is the sum over these rows.
create table reservations (
  customer_key uuid not null,
  -- Its time is that of its making.
  reservation_key uuid not null,
  environment_key uuid not null,
  -- What is open beyond expires_at has expired all the same.
  status text not null check (status in ('open', 'committed', 'released', 'expired')),
  feature_key uuid not null,
  -- The nil UUID for none.
  resource_key uuid not null,
  -- In the units in which usage is reported.
  amount numeric(30,10) not null,
  committed_amount numeric(30,10),
  -- The caller's, like that of a record: it chooses the windows.
  occurred_at timestamptz not null,
  dimensions jsonb,
  -- As on a record, as of its making. It holds the whole amount in each of these counters.
  direct_entity_keys uuid[],
  entity_keys uuid[],
  assignment_keys uuid[],
  assignment_revisions integer[],
  assignment_windows timestamptz[],
  created_at timestamptz not null,
  expires_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (customer_key, reservation_key)
);

-- As of entities: a hundred for each customer, however few most have.
alter table reservations alter column customer_key set (n_distinct = -0.01);

-- What has expired and nobody has noted yet; and all that a customer's end releases.
create index reservations_by_end on reservations (customer_key, expires_at, reservation_key)
  where status = 'open';
-- What is held in a window that has no total yet.
create index reservations_by_feature on reservations
  (customer_key, feature_key, resource_key, occurred_at) where status = 'open';
