/** As a client writes it: its cursor, and a contact's name from another service. */
export const INBOX = /* GraphQL */ `
  subscription Inbox($after: Cursor) {
    inboxEvents(after: $after) {
      __typename
      cursor
      ... on MessageReceived {
        message {
          id
          text
          maybeContact {
            name
          }
        }
      }
    }
  }
`;

/** The same, with nothing from another service. */
export const TEXTS = /* GraphQL */ `
  subscription Texts($after: Cursor) {
    inboxEvents(after: $after) {
      __typename
      cursor
      ... on MessageReceived {
        message {
          text
        }
      }
    }
  }
`;

export const TYPING = /* GraphQL */ `
  subscription {
    typing {
      who
    }
  }
`;

/** What the root field of these documents gives. */
export interface InboxEventData {
  __typename: string;
  cursor: string;
  message?: {
    id: string;
    text: string;
    maybeContact: { name: string; seenWith: string };
    conversation: { contact: { name: string } };
  };
}
