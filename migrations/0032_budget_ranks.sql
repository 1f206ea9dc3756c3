-- Budgets of all customers of an environment, ordered by when they run out and by utilization. Due
-- work writes these tables from budgets and counters (src/budgets/ranking), so they are late.

create table budget_ranks (
  customer_key uuid not null,
  assignment_key uuid not null,
  environment_key uuid not null,
  capability_key uuid not null,
  entity_type_key uuid not null,
  -- The end of the window that was ranked; infinity for a level. Afterwards the row is not shown.
  window_end timestamptz not null,
  utilization numeric not null,
  -- When it runs out. If it is used up, the start of the window, which is earlier than the end of
  -- any other budget and does not change. Null: it does not run out.
  exhausts_at timestamptz,
  primary key (customer_key, assignment_key)
);

alter table budget_ranks alter column customer_key set (n_distinct = -0.01);

create index budget_ranks_by_end on budget_ranks (environment_key, exhausts_at, assignment_key)
  where exhausts_at is not null;
create index budget_ranks_by_utilization
  on budget_ranks (environment_key, utilization, assignment_key);

-- The state of a customer that its ranks are of, and when they must be computed again even if
-- nothing changes.
create table budget_rankings (
  customer_key uuid primary key,
  environment_key uuid not null,
  sequence bigint not null,
  again_at timestamptz not null
);

-- How far the work is with the customers of an environment, in the order of their keys.
create table ranking_passes (
  environment_key uuid primary key,
  started_at timestamptz not null,
  -- Customers up to this one are done.
  after_customer_key uuid,
  -- The customer whose budgets are ranked up to the assignment, and its sequence when it was begun.
  customer_key uuid,
  assignment_key uuid,
  sequence bigint,
  -- The customers and budgets that this pass has looked at.
  looked_at bigint not null,
  -- When the last complete pass started. What was committed before is in the order.
  ranked_at timestamptz
);

insert into due_work (customer_key, work_key, environment_key, kind, subject, due_at)
select environment_key, gen_random_uuid(), environment_key, 'budgets.rank', '', timestamptz 'epoch'
from environments environment
where exists (
  select from assignments a where a.environment_key = environment.environment_key);
