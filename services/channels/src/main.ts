import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createChannelsService } from './service.js';

await runMain('channels', loadConfig, createChannelsService);
