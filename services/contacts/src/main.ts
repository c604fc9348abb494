import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createContactsService } from './service.js';

await runMain('contacts', loadConfig, createContactsService);
