import { Conversation } from './conversations/conversation.entity.js';
import { Message } from './messages/message.entity.js';
import { Thread } from './threads/thread.entity.js';

export const entities = [Thread, Conversation, Message];
