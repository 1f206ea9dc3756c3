-- The roots of a customer's tree are few among many entities, and no other index leads to them.
create index entities_roots on entities (customer_key, entity_key) where parent_key is null;
