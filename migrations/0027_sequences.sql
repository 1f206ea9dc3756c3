-- Each change of a customer raises its sequence, and so does each change of what the customers of
-- an environment share. Versions say whether two states are the same one; sequences say which of
-- two states is the older one. A state without a row has sequence 0.
alter table customer_heads add column sequence bigint not null default 1;
alter table environment_heads add column sequence bigint not null default 1;

-- The statements of batches renew the usage version and raise the sequence themselves. For all
-- other updates, also those of servers of the version before, this function does what is missing.
-- So no two sequences of a customer have the same usage version.
create or replace function renew_usage_version() returns trigger language plpgsql as $$
begin
  if new.usage_version = old.usage_version then
    new.replaced_usage_version := old.usage_version;
    new.usage_version := gen_random_uuid();
  end if;
  if new.sequence = old.sequence then
    new.sequence := old.sequence + 1;
  end if;
  return new;
end $$;

drop trigger renew_usage_version on customer_heads;
create trigger renew_usage_version before update on customer_heads
  for each row when (new.usage_version = old.usage_version or new.sequence = old.sequence)
  execute function renew_usage_version();

create function raise_sequence() returns trigger language plpgsql as $$
begin
  new.sequence := old.sequence + 1;
  return new;
end $$;

create trigger raise_sequence before update on environment_heads
  for each row when (new.sequence = old.sequence) execute function raise_sequence();

-- The catalog and the settings have rows of their own. Decisions depend on them, too.
create function raise_environment_sequence() returns trigger language plpgsql as $$
begin
  insert into environment_heads as head (environment_key, structure_version)
  values (new.environment_key, '00000000-0000-0000-0000-000000000000')
  on conflict (environment_key) do update set sequence = head.sequence;
  return null;
end $$;

create trigger raise_environment_sequence after insert or update on catalog_versions
  for each row execute function raise_environment_sequence();
create trigger raise_environment_sequence after insert or update on environment_settings
  for each row execute function raise_environment_sequence();
