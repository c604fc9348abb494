export { loadConfig, type BusinessNumber, type Config } from './config.js';
export { createService, type Overrides } from './service.js';
export type { Schedule } from './webhook-sender.js';
