/** The part of our public schema that the benchmarks use, for servers that others would write. */
export const INBOX_SDL = /* GraphQL */ `
  type Query {
    version: String!
  }
  type Subscription {
    inboxEvents: InboxEvent!
  }
  interface InboxEvent {
    cursor: String!
  }
  type MessageAdded implements InboxEvent {
    cursor: String!
    message: Message!
  }
  type Message {
    id: ID!
    seq: Int!
    direction: String!
    status: String!
    text: String
    conversation: Conversation!
  }
  type Conversation {
    id: ID!
    contact: Contact
    channel: Channel
  }
  type Contact {
    id: ID!
    name: String
  }
  type Channel {
    id: ID!
    name: String!
  }
`;
