export { loadConfig, type Config } from './config.js';
export type { DemoChannel } from './demo.js';
export { migrations } from './migrations.js';
export {
  createChannelsService,
  createChannelsService as createService,
  subgraph,
  type ChannelsService,
} from './service.js';
