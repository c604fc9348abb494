export { verifyAuditLogs, type VerifiedLog } from './audit/verify-audit-log.js';
export { loadConfig, type IdentityConfig } from './config.js';
export { DEMO_WORKSPACE, type DemoInput, type DemoMember, type DemoWorkspace } from './demo.js';
export type { MemberRole } from './roles/built-in-role.js';
export { migrations } from './migrations.js';
export { rotateSigningKey } from './signing-keys/rotate-signing-key.js';
export {
  createIdentityService,
  createIdentityService as createService,
  subgraph,
  type IdentityService,
} from './service.js';
