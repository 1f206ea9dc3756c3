-- A grant that is changed: its row is closed at that instant, and a successor goes on under the
-- same key with the next revision, so that what was held at an earlier instant can still be read.
-- A row gives what it says from `since` until `ends_at`; `starts_at` is the beginning of the grant
-- and the anchor of its usage, whatever the revision.
alter table promotional_entitlements
  add column revision integer not null default 0,
  -- null: starts_at.
  add column since timestamptz,
  -- Whether a later revision goes on; only the last one is listed.
  add column superseded boolean not null default false,
  drop constraint promotional_entitlements_pkey,
  add primary key (customer_key, promotional_key, revision);
