import { createServer } from 'node:http';
import { ParseServer } from 'parse-server';

/** Parse Server as it comes, on PostgreSQL: a webhook is one create call of its REST interface. */
const appId = 'bench';
const masterKey = process.env.APP_SECRET;
const fields = { wamid: 'String', phone: 'String', name: 'String', text: 'String' };

const parse = new ParseServer({
  databaseURI: process.env.DATABASE_URL,
  appId,
  masterKey,
  serverURL: 'http://127.0.0.1/parse',
  silent: true,
  logLevel: 'error',
  logsFolder: null,
  verbose: false,
  schema: {
    definitions: [
      {
        className: 'Message',
        fields: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
        classLevelPermissions: { create: { '*': true }, addField: {} },
      },
    ],
  },
});
await parse.start();
const server = createServer(parse.app);
process.once('disconnect', () => process.exit(0));
process.once('SIGTERM', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  // The application is mounted at the root here, not under /parse.
  process.send?.({ ready: true, url: `http://127.0.0.1:${server.address().port}` });
});
