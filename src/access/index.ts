export { type Authenticator, createAuthenticator } from './authenticate.ts'
export { type ConfiguredKey, ensureConfiguredKey } from './configured-key.ts'
export { createEnvironment, ensureDefaultEnvironment } from './environment-commands.ts'
export { accessHandlers } from './http.ts'
export { createKey, revokeKey, rotateKey } from './key-commands.ts'
export { keyFileOf, readKeyFile, writeKeyFile } from './key-file.ts'
export { GRACES, type Grace } from './key-rules.ts'
export { listKeys } from './key-store.ts'
export { followKeyChanges } from './listen.ts'
export { putMember, removeMember } from './member-commands.ts'
export { listMembers } from './member-store.ts'
export { originOf } from './origins.ts'
export { notPermitted, permits } from './permit.ts'
export { secretKeyFileOf } from './sealing-key.ts'
export { changeSettings } from './settings-commands.ts'
export { findSettings, unknownDimensionsOf } from './settings-store.ts'
export { makeSignInCode } from './sign-in-commands.ts'
export { enforceSigning, signingSecret } from './signing-commands.ts'
export { findEnvironment, findEnvironmentsByKey, listEnvironments } from './store.ts'
export { lookAtSecrets, sealedOtherwise, sealStoredSecrets } from './stored-secrets.ts'
export {
  ACCOUNT_ROLES,
  type ApiKey,
  type Caller,
  type Credentials,
  ENVIRONMENT_ROLES,
  ENVIRONMENT_TYPES,
  type Environment,
  type EnvironmentRole,
  KEY_KINDS,
  type KeyKind,
  type KeyWithSecret,
  type Permission,
  SESSION_KINDS,
  type Settings,
  UNKNOWN_DIMENSIONS,
  type UnknownDimensions,
} from './types.ts'
