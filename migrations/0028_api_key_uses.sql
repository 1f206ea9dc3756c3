-- When a key was last used, to the minute. Servers write it from time to time, not with each
-- request.
alter table api_keys add column last_used_at timestamptz;

-- The key of a person who signed in with a code. `makes_until` bounds the keys that it makes: null
-- if they may live for ever. Of any other key, its own expiry is this bound.
alter table api_keys add column is_session boolean not null default false;
alter table api_keys add column makes_until timestamptz;

-- Which keys of an environment still work: how many there are, and whether one has full access.
create index api_keys_live on api_keys (environment_key, expires_at) where revoked_at is null;
