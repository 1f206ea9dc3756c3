-- What happened (outbox) and what has to happen (due work). Both are written in the transaction of
-- the change they belong to. customer_key is the environment's key for what belongs to no customer.

create table outbox (
  customer_key uuid not null,
  event_key uuid not null,
  environment_key uuid not null,
  -- A reader goes by (transaction_id, event_key) and stops before the oldest running transaction:
  -- event keys are made before their commit, so that order alone could skip a late committer.
  transaction_id xid8 not null default pg_current_xact_id(),
  type text not null,
  object_id text collate "C" not null,
  -- The object as the API shows it: null before it was made, and after it is gone.
  before jsonb,
  after jsonb,
  actor_kind text not null check (actor_kind in ('API_KEY', 'USER', 'CLI', 'SYSTEM')),
  actor_id text collate "C" not null,
  operation text not null,
  trace_id text,
  occurred_at timestamptz not null,
  primary key (customer_key, event_key)
);

create index outbox_of_environment on outbox (environment_key, event_key);
create index outbox_of_object on outbox (environment_key, object_id, event_key);

create table due_work (
  customer_key uuid not null,
  work_key uuid not null,
  environment_key uuid not null,
  kind text not null,
  subject text not null,
  due_at timestamptz not null,
  attempts integer not null default 0,
  primary key (customer_key, work_key),
  unique (customer_key, kind, subject)
);

create index due_work_by_time on due_work (due_at);
