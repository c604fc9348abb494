export * from './access/collect-person.js';
export * from './array-parameter.js';
export { auditRead, ReadNotes, type Audit } from './audit.js';
export * from './condition.js';
export * from './consumer.js';
export * from './database.js';
export * from './erasures/erasure-cleaner.js';
export * from './erasures/erasure-events.consumer.js';
export * from './erasures/erasure-task.js';
export * from './erasures/person-keys.js';
export * from './event-log.js';
export * from './event-path.js';
export * from './hash-chain.js';
export * from './idempotency.js';
export * from './live-log.js';
export * from './migrate.js';
export * from './provision.js';
export { RETENTION_DAYS } from './pruning.js';
export * from './read-audit.js';
export * from './rebuild.js';
export * from './renewal.js';
export * from './retention/retention-orders.consumer.js';
export {
  postponeRetentionTask,
  retentionRepairStatements,
  retentionStatements,
  startRetentionTask,
  stopRetentionTask,
} from './retention/retention-task.js';
export * from './retention/retention-worker.js';
export * from './row-level-security.js';
export * from './transact.js';
export * from './transient.js';
export type { EmitOptions } from './outbox.js';
export * from './unnest.js';
