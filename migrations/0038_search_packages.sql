-- Search finds products, plans and add-ons too, as migration 31 does other objects. A plan or an
-- add-on is found by the name that lists show: of what is published, else of its first draft. The
-- tables are small: a product has at most 100 plans and add-ons.
create index products_from_id on products (environment_key, lower(id));
create index products_from_word_1 on products (environment_key,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index products_from_word_2 on products (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index products_from_word_3 on products (environment_key,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;

create index packages_from_id on packages (environment_key, type, lower(id));
create index package_versions_from_word_1 on package_versions (environment_key, listed_type,
  left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100))
  where listed_type is not null and (published_at is not null or version = 1)
    and left((coalesce(folded_name, lower(display_name collate "C")) collate "C"), 100) is not null;
create index package_versions_from_word_2 on package_versions (environment_key, listed_type,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100))
  where listed_type is not null and (published_at is not null or version = 1)
    and left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +(.+)$'), 100) is not null;
create index package_versions_from_word_3 on package_versions (environment_key, listed_type,
  left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100))
  where listed_type is not null and (published_at is not null or version = 1)
    and left(substring(
    (coalesce(folded_name, lower(display_name collate "C")) collate "C")
    from '^[^ ]+ +[^ ]+ +(.+)$'), 100) is not null;
