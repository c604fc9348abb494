export { loadConfig, type Config } from './config.js';
export { createService, type ServiceOverrides } from './service.js';
