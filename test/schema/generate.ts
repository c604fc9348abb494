/** `npm run schema`: writes `schema/` anew from the services. */
import { SCHEMA_FOLDER, writeSchemas } from './folder.js';
import { renderSchemas } from './render.js';
import { SUBGRAPHS } from './subgraphs.js';

const files = await renderSchemas(SUBGRAPHS);
await writeSchemas(SCHEMA_FOLDER, files);
console.log(`schema/: ${[...files.keys()].join(', ')}`);
