import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createIdentityService } from './service.js';

await runMain('identity', loadConfig, createIdentityService);
