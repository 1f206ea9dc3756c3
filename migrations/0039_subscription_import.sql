-- A task can also import subscriptions. Of each subject, at most one task is open: a newer one
-- takes the place of an older one, or is refused.

alter table tasks drop constraint tasks_type_check;
alter table tasks add constraint tasks_type_check
  check (type in ('SUBSCRIPTION_MIGRATION', 'SUBSCRIPTION_IMPORT'));

drop index tasks_open;
create unique index tasks_open on tasks (environment_key, subject) where finished_at is null;
