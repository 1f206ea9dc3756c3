-- Codes with which somebody gets an API key of their own, once. Only the SHA-256 of a code is kept.
-- Whoever made the code is looked up again when it is exchanged.
create table sign_in_codes (
  code_key uuid primary key,
  environment_key uuid not null references environments,
  code_hash bytea not null unique,
  kind text not null check (kind in ('full-access', 'read-only', 'customers-write',
    'subscriptions-write', 'coupons-write', 'api-keys-write', 'event-queue-read')),
  maker_kind text not null check (maker_kind in ('API_KEY', 'USER', 'CLI', 'SYSTEM')),
  maker_id text collate "C" not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create index sign_in_codes_by_expiry on sign_in_codes (environment_key, expires_at);
