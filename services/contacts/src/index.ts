export { loadConfig } from './config.js';
export { migrations } from './migrations.js';
export { createContactsService, createContactsService as createService, subgraph } from './service.js';
