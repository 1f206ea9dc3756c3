-- A version is another UUID after each change, made by the server that changes something, and never
-- a number that counts up: a database that a fail-over has put back would count up to the same
-- numbers again, and servers would take what they remember of the lost part for what there is.

alter table customer_heads
  add column structure_version uuid not null default gen_random_uuid(),
  alter column version set default 0;
alter table environment_heads
  add column structure_version uuid not null default gen_random_uuid(),
  alter column version set default 0;
alter table catalog_versions
  add column structure_version uuid not null default gen_random_uuid(),
  alter column version set default 0;

-- Servers of the version before go on counting in `version`. Those of this one count it up, too, so
-- that their changes are heard, and the trigger lets those of the others be heard. It goes together
-- with `version`, once no server of the version before can be running.
create function renew_version() returns trigger language plpgsql as $$
begin
  if new.structure_version = old.structure_version then
    new.structure_version := gen_random_uuid();
  end if;
  return new;
end $$;

create trigger renew_version before update of version on customer_heads
  for each row execute function renew_version();
create trigger renew_version before update of version on environment_heads
  for each row execute function renew_version();
create trigger renew_version before update of version on catalog_versions
  for each row execute function renew_version();
