-- What an environment chooses for itself. One without a row has the defaults of the API.
create table environment_settings (
  environment_key uuid primary key references environments,
  -- What becomes of a dimension whose value names no entity.
  unknown_dimensions text not null check (unknown_dimensions in ('ignore', 'deny')),
  -- As browsers send them in Origin, ascending, each once.
  allowed_origins text[] not null
);
