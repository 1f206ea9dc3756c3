-- Members of an account in the order in which they joined, and the environments that a person may
-- open: a page reads as many rows as it shows. Servers of the previous version insert members
-- without a key.
alter table members add column member_key uuid not null default gen_random_uuid();

-- The first six bytes of a key are the milliseconds of its creation.
update members set member_key = encode(overlay(uuid_send(gen_random_uuid())
  placing substring(int8send((extract(epoch from created_at) * 1000)::bigint) from 3)
  from 1 for 6), 'hex')::uuid;

create unique index members_in_order on members (account_key, member_key);
create index owners on members (account_key) where role = 'OWNER';
create index environments_in_order on environments (account_key, environment_key);
create index environment_roles_of_person on environment_roles (user_id, environment_key)
  where role <> 'NONE';
