--! breaking
-- Usage of a level (a feature of the meter type FLUCTUATING) is not reset: its budgets have one
-- counter each, of all time, whose window begins in 1970 and never ends. Servers of before go on
-- counting by the cadence, where nobody looks any more.

alter table assignments add column is_level boolean not null default false;

update assignments a set is_level = true
from features f
where a.capability_kind = 'feature' and f.feature_key = a.capability_key
  and f.meter_type = 'FLUCTUATING';

-- When the SET in force occurred: an earlier one changes nothing.
alter table budget_counters add column set_at timestamptz;

update budget_counters c set set_at = posted.set_at
from (
  select event.customer_key, posting.assignment_key, posting.revision, posting.window_start,
    max(event.occurred_at) as set_at
  from usage_events event
    cross join lateral unnest(event.assignment_keys, event.assignment_revisions,
      event.assignment_windows) as posting (assignment_key, revision, window_start)
  where event.kind = 'SET'
  group by 1, 2, 3, 4
) as posted
where c.customer_key = posted.customer_key and c.assignment_key = posted.assignment_key
  and c.revision = posted.revision and c.window_start = posted.window_start;

delete from past_cadences past using assignments a
where a.customer_key = past.customer_key and a.assignment_key = past.assignment_key and a.is_level;

delete from budget_counters c using assignments a
where a.customer_key = c.customer_key and a.assignment_key = c.assignment_key and a.is_level;

delete from fired_thresholds f using assignments a
where a.customer_key = f.customer_key and a.assignment_key = f.assignment_key and a.is_level;

update reservations r
set assignment_revisions = moved.revisions, assignment_windows = moved.windows
from (
  select held.customer_key, held.reservation_key,
    array_agg(case when a.is_level then a.revision else of.revision end order by of.position)
      as revisions,
    array_agg(case when a.is_level then timestamptz 'epoch' else of.window_start end
      order by of.position) as windows
  from reservations held
    cross join lateral unnest(held.assignment_keys, held.assignment_revisions,
      held.assignment_windows) with ordinality
      as of (assignment_key, revision, window_start, position)
    join assignments a on a.customer_key = held.customer_key
      and a.assignment_key = of.assignment_key
  where held.status = 'open'
  group by held.customer_key, held.reservation_key
  having bool_or(a.is_level)
) as moved
where r.customer_key = moved.customer_key and r.reservation_key = moved.reservation_key;

insert into budget_counters (customer_key, assignment_key, revision, window_start,
  environment_key, usage, held, set_at)
select a.customer_key, a.assignment_key, a.revision, timestamptz 'epoch', a.environment_key,
  coalesce(sum(part.usage), 0), coalesce(sum(part.held), 0), max(part.set_at)
from assignments a
  join (
    select event.customer_key, posting.assignment_key, posting.delta, 0::numeric,
      event.occurred_at, case when event.kind = 'SET' then event.occurred_at end
    from usage_events event
      cross join lateral unnest(event.assignment_keys, event.assignment_deltas)
        as posting (assignment_key, delta)
    union all
    select r.customer_key, of.assignment_key, 0::numeric, r.amount, null, null
    from reservations r cross join lateral unnest(r.assignment_keys) as of (assignment_key)
    where r.status = 'open'
  ) as part (customer_key, assignment_key, usage, held, occurred_at, set_at)
    on part.customer_key = a.customer_key and part.assignment_key = a.assignment_key
where a.is_level and (part.occurred_at < a.created_at) is not true
group by a.customer_key, a.assignment_key, a.revision, a.environment_key;
