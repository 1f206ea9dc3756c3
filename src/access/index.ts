export { type Authenticator, createAuthenticator } from './authenticate.ts'
export * from './commands.ts'
export { type ConfiguredKey, ensureConfiguredKey } from './configured-key.ts'
export { keyFileOf, readKeyFile, writeKeyFile } from './key-file.ts'
export { followKeyChanges } from './listen.ts'
export { permits } from './permit.ts'
export { findEnvironment, listEnvironments, listKeys } from './store.ts'
export {
  type ApiKey,
  type Caller,
  ENVIRONMENT_TYPES,
  type Environment,
  KEY_KINDS,
  type KeyKind,
} from './types.ts'
