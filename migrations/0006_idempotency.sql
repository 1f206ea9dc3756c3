-- Answers to requests that named themselves by Idempotency-Key, written in the transaction of the
-- work. No foreign key to environments: it would lock their rows, which writers of types take
-- first.

create table idempotency_answers (
  environment_key uuid not null,
  -- SHA-256 of the path and the key: both are text of the caller, an index row has a limit.
  request_hash bytea not null,
  -- SHA-256 of what was asked for, to tell a repetition from another request.
  content_hash bytea not null,
  created_at timestamptz not null,
  -- Null only inside the transaction that does the work.
  status integer,
  headers jsonb,
  -- As it was sent: a repetition gets the same bytes.
  body text,
  primary key (environment_key, request_hash)
);

create index idempotency_answers_by_time on idempotency_answers (environment_key, created_at);
