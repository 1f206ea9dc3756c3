-- Sums over all customers of an environment read the totals of days along this index. A record
-- touches it only if it is the first one of its customer, feature and day.
create index usage_totals_of_days on usage_totals (environment_key, feature_key, window_end)
  where is_kept and isfinite(window_end);
