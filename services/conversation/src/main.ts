import { runMain } from '@fenster/runtime';
import { loadConfig } from './config.js';
import { createConversationService } from './service.js';

await runMain('conversation', loadConfig, createConversationService);
