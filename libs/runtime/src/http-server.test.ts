import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { readBody } from './http-server.js';

describe('the body of a request', () => {
  it('given a client that went before it was read, then nobody waits for it', async () => {
    const request = new IncomingMessage(new Socket());
    request.destroy();
    await expect(readBody(request, 10)).rejects.toThrow('ended the request early');
  });
});
