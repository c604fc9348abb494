import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createService } from './service.js';

await runMain('sandbox', loadConfig, createService);
