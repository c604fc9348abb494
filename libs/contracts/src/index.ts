export * from './billing.js';
export * from './catalogue.js';
export * from './channels.js';
export * from './common.js';
export * from './conversation.js';
export * from './define-event.js';
export * from './envelope.js';
export * from './identity.js';
