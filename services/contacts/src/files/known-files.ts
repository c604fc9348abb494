import { sql } from '@fenster/database';
import { IS_ARCHIVE } from '../access-requests/archive-files.js';
import { IS_OF_CONTACT } from '../contact-files/remove-contact-files.js';

/** Of `file`: it is known whose data are in it, so it does not end with the data of others. */
export const IS_KNOWN_WHOSE = sql`(${IS_ARCHIVE} or ${IS_OF_CONTACT})`;
