-- Tells this database from others, and signs what clients bring back of it. Not backed up: what is
-- restored from a backup is another database. Copies that PostgreSQL makes are the same one.
create table database_identity (
  is_only boolean primary key default true check (is_only),
  database_id uuid not null default gen_random_uuid(),
  signing_key bytea not null
    default decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')
);
insert into database_identity default values;
