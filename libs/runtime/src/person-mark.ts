import { createHmac, createSecretKey } from 'node:crypto';

export type PersonMark = (workspaceId: string, name: string) => string;

/**
 * Stands for a number or user id of somebody who is forgotten: tells whether it is the same, and nothing else. Keyed, because
 * there are not many phone numbers; the services of an installation share `SECRET_KEY`. Of each workspace its own.
 */
export function createPersonMark(secretKey: Buffer): PersonMark {
  // Made once: for each mark anew it costs ten times what the mark does.
  const key = createSecretKey(secretKey);
  return (workspaceId, name) => {
    // Providers write numbers with and without the plus sign.
    const plain = /^\+\d+$/.test(name) ? name.slice(1) : name;
    return createHmac('sha256', key).update(`person\0${workspaceId}\0${plain}`).digest('base64url');
  };
}
