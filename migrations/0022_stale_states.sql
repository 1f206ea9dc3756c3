-- A batch that was decided on a state in memory writes with one statement. If the state is not that
-- of the database, the statement calls this function, so that nothing is written.
create function refuse_stale_state() returns boolean language plpgsql as $$
begin
  raise exception 'the state that was decided on is not that of the database'
    using errcode = 'BU001';
end $$;
