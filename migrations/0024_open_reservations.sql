-- How many reservations of an environment are open is counted up to a bound.
create index reservations_open on reservations (environment_key) where status = 'open';
