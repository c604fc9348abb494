export * from './config.js';
export * from './disk-object-store.js';
export * from './object-store.js';
export * from './object-token.js';
export * from './s3-object-store.js';
export * from './sealed-object.js';
