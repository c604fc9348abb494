export * from './chart.js';
export * from './document.js';
export * from './document.types.js';
export * from './render-html.js';
export * from './render-pdf.js';
export * from './send-document.js';
