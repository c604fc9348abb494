export { loadConfig, type BusinessNumber, type Config } from './config.js';
export { createService, type Overrides } from './service.js';
export { createSimulatedTime, type SimulatedTime, type TimeOptions } from './time.js';
