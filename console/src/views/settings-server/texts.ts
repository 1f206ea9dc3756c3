export const TEXTS = {
  server: 'Server',
  limits: 'Limits',
  caller: 'You',
  ready: 'ready',
  testClock: 'The clock of this server can be moved. That is for tests only.',
  unlimited: 'only by the size of a request',
  never: 'never',
} as const
