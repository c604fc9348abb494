export * from './action-grant.js';
export * from './actor.js';
export * from './token.js';
export * from './ability.js';
