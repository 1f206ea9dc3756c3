-- A request that a client sends again is known by what it has announced: the first eight bytes of
-- the digest of its caller, path and content. Null for what no such request has done.

alter table outbox add column request_digest bigint;

create index outbox_of_request on outbox (environment_key, request_digest, event_key)
where request_digest is not null;
