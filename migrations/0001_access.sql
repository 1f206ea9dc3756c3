-- Who may call, and on which environment. Every row of every other table belongs to an environment.

create table accounts (
  account_key uuid primary key,
  id text collate "C" not null unique,
  display_name text not null,
  created_at timestamptz not null
);

create table environments (
  environment_key uuid primary key,
  account_key uuid not null references accounts,
  -- Unique in the whole installation, so that commands and headers need no account to name one.
  id text collate "C" not null unique,
  display_name text not null,
  type text not null check (type in ('DEVELOPMENT', 'SANDBOX', 'PRODUCTION')),
  created_at timestamptz not null
);

create index environments_of_account on environments (account_key, id);

-- Only the SHA-256 of a secret is kept. A rotated key stays valid until expires_at (exclusive).
create table api_keys (
  key_id uuid primary key,
  environment_key uuid not null references environments,
  name text not null,
  kind text not null check (kind in ('full-access', 'read-only', 'customers-write',
    'subscriptions-write', 'coupons-write', 'api-keys-write', 'event-queue-read', 'publishable')),
  origin text not null check (origin in ('configured', 'created')),
  prefix text not null,
  secret_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);

create index api_keys_of_environment on api_keys (environment_key, key_id);

-- The key that BURSAR_API_KEY or the key file names: at most one lives at a time.
create unique index api_keys_configured on api_keys (environment_key)
  where origin = 'configured' and revoked_at is null;
