import type { RetentionStep } from '@fenster/database';
import { messagesStep } from './remove-messages.js';
import { notesStep } from './remove-notes.js';

export const retentionSteps: readonly RetentionStep[] = [messagesStep, notesStep];
