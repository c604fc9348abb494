export { loadConfig, type IdentityConfig } from './config.js';
export { DEMO_WORKSPACE, type DemoMember, type DemoWorkspace } from './demo.js';
export { ROLES, type Role } from './members/role.js';
export { migrations } from './migrations.js';
export {
  createIdentityService,
  createIdentityService as createService,
  subgraph,
  type IdentityService,
} from './service.js';
