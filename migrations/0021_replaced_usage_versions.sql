-- A batch decides on what its server has in memory of a customer if that is of the usage version
-- that the batch's lock has found. The lock is an update that renews the version, so it also stores
-- the version that it replaces.
alter table customer_heads add column replaced_usage_version uuid;

-- For all other updates, also those of servers of the version before.
create or replace function renew_usage_version() returns trigger language plpgsql as $$
begin
  new.replaced_usage_version := old.usage_version;
  new.usage_version := gen_random_uuid();
  return new;
end $$;

-- The condition is evaluated without a call: a trigger function costs more than the update itself.
drop trigger renew_usage_version on customer_heads;
create trigger renew_usage_version before update on customer_heads
  for each row when (new.usage_version = old.usage_version)
  execute function renew_usage_version();
