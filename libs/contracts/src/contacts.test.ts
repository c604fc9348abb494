import { describe, expect, it } from 'vitest';
import { contactChanged } from './contacts.js';

describe('what a contact is called', () => {
  it('is told where there is a name, and nothing else is', () => {
    const contactId = '01935a00-0000-7000-8000-000000000001';
    expect(contactChanged.schema.parse({ contactId, name: 'Anna' })).toEqual({ contactId, name: 'Anna' });
    expect(contactChanged.schema.safeParse({ contactId, name: null }).success).toBe(false);
  });
});
