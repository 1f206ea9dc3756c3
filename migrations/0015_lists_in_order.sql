-- Lists of budgets of one capability go along assignments_of_capability, which has their order.
-- This index leads to the budgets of all customers: it is by a text that only who asks whether
-- anybody budgets a feature knows, or a planner would take it for those of one customer.
drop index assignments_leaning;
create index assignments_leaning on assignments (('of ' || capability_key::text));
