-- People, known by the subject of their token. An owner of an account administers all its
-- environments; a member has the role that stands here, and none where nothing stands.

create table members (
  account_key uuid not null references accounts,
  user_id text collate "C" not null,
  role text not null check (role in ('OWNER', 'MEMBER')),
  created_at timestamptz not null,
  primary key (account_key, user_id)
);

create index members_by_user on members (user_id, created_at, account_key);

create table environment_roles (
  environment_key uuid not null references environments,
  user_id text collate "C" not null,
  role text not null check (role in ('ADMIN', 'SUPPORT', 'VIEWER', 'NONE')),
  primary key (environment_key, user_id)
);
