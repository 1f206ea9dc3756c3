-- A batch decides on what its server has in memory of a customer if that is of the usage version
-- that the batch's lock has found. The lock is an update, so it has already renewed that version.
alter table customer_heads add column replaced_usage_version uuid;

create or replace function renew_usage_version() returns trigger language plpgsql as $$
begin
  new.replaced_usage_version := old.usage_version;
  new.usage_version := gen_random_uuid();
  return new;
end $$;
