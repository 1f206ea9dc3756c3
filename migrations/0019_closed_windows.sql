-- Windows of budgets that closed long ago are trimmed, and so are reservations that ended.

-- When the window of the counter ends; null until trimming has come by: whoever counts need not
-- know, nor servers of the version before.
alter table budget_counters add column window_end timestamptz;

create index budget_counters_by_end on budget_counters (environment_key, window_end);

-- Windows that ended by then may have been trimmed: what is kept of them is not compared with the
-- records, and whoever asks for a counter of theirs has it counted from these.
alter table customer_heads add column closed_until timestamptz not null default '-infinity';

create index reservations_ended on reservations (environment_key, updated_at)
  where status <> 'open';
