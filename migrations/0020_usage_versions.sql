-- What a server has in memory of a customer is of one structure version and one usage version. The
-- usage version changes with every write of totals, counters, holds or dedup keys. Like the
-- structure version it is a UUID, not a number: a database that was put back to an older state
-- never comes to a version that a lost state had.
alter table customer_heads
  add column usage_version uuid not null default gen_random_uuid();

-- Whoever writes usage updates the customer's row first, to lock it. So this trigger also notices
-- the writes of servers of the version before, which do not know the column.
create function renew_usage_version() returns trigger language plpgsql as $$
begin
  new.usage_version := gen_random_uuid();
  return new;
end $$;

create trigger renew_usage_version before update on customer_heads
  for each row execute function renew_usage_version();
