import { Contact } from './contacts/contact.entity.js';
import { ContactIdentity } from './identities/contact-identity.entity.js';

export const entities = [Contact, ContactIdentity];
