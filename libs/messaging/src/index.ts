export * from './connect.js';
export * from './publisher.js';
export * from './reader.js';
export * from './streams.js';
