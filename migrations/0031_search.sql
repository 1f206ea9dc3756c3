-- Search: objects whose id, e-mail address or name has a word that begins with a text. Each index
-- is in the order of one of these texts, so that a search reads as many rows as it shows, whatever
-- the environment has. A name counts from its first, second and third word on. Names have no length
-- limit and an index row has: hence the first hundred characters.
--
-- Names are folded by the application. Those that an older version wrote have no folded form yet;
-- of these, only the letters A to Z are folded.
alter table customers add column folded_name text;
alter table features add column folded_name text;
alter table currencies add column folded_name text;
alter table entity_types add column folded_name text;

create index customers_from_id on customers (environment_key, lower(id));
create index customers_from_email
  on customers (environment_key, left(lower(email collate "C"), 100))
  where left(lower(email collate "C"), 100) is not null;
create index customers_from_word_1 on customers (environment_key,
  left((coalesce(folded_name, lower(name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(name collate "C")) collate "C"), 100) is not null;
create index customers_from_word_2 on customers (environment_key,
  left(substring(
    (coalesce(folded_name, lower(name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index customers_from_word_3 on customers (environment_key,
  left(substring(
    (coalesce(folded_name, lower(name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;

create index entities_from_id on entities (environment_key, lower(id));
create index entities_from_word_1 on entities (environment_key,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index entities_from_word_2 on entities (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index entities_from_word_3 on entities (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;

create index features_from_id on features (environment_key, lower(id));
create index features_from_word_1 on features (environment_key,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index features_from_word_2 on features (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index features_from_word_3 on features (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;

create index currencies_from_id on currencies (environment_key, lower(id));
create index currencies_from_word_1 on currencies (environment_key,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index currencies_from_word_2 on currencies (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index currencies_from_word_3 on currencies (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;

create index entity_types_from_id on entity_types (environment_key, lower(id));
create index entity_types_from_word_1 on entity_types (environment_key,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index entity_types_from_word_2 on entity_types (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index entity_types_from_word_3 on entity_types (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;
