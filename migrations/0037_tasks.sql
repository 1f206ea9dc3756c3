-- What the server does in the background, in small steps. A step that was interrupted is repeated,
-- and its items find nothing left to do.

create table tasks (
  environment_key uuid not null references environments,
  task_key uuid not null,
  type text not null check (type in ('SUBSCRIPTION_MIGRATION')),
  -- What it is about. A newer task with the same subject takes its place.
  subject uuid not null,
  input jsonb not null,
  status text not null check (status in
    ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'PARTIALLY_FAILED', 'FAILED', 'CANCELED')),
  -- The items up to this one have been counted while it is PENDING, and then are done.
  reached text collate "C",
  total integer not null check (total >= 0),
  done integer not null check (done >= 0),
  failed integer not null check (failed >= 0),
  errors jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  finished_at timestamptz,
  primary key (environment_key, task_key),
  check ((finished_at is null) = (status in ('PENDING', 'IN_PROGRESS')))
);

create index tasks_open on tasks (environment_key, subject) where finished_at is null;

-- To go through everything in force of an environment, customer by customer.
create index subscription_revisions_in_force
  on subscription_revisions (environment_key, customer_key, subscription_key)
  where until is null and closed_at is null;
