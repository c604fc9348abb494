export { loadConfig } from './config.js';
export { migrations } from './migrations.js';
export { createConversationService as createService, subgraph } from './service.js';
export { toldEvents, toldOf } from './inbox/tellings.js';
