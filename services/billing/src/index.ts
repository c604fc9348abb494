export * from './config.js';
export * from './service.js';
export { createBillingService as createService } from './service.js';
export { migrations } from './migrations.js';
