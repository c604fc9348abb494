import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createBillingService } from './service.js';

await runMain('billing', loadConfig, createBillingService);
