export * from './csv.js';
export * from './file.route.js';
export * from './job.js';
export * from './job.queries.js';
export * from './job-runner.js';
export * from './job.types.js';
export * from './stored-file.js';
export * from './tables.js';
