import { CloseCode as ProtocolCode } from 'graphql-ws';

/** Why the gateway ends a socket: the codes of graphql-transport-ws, of RFC 6455, and one of our own. */
export const CloseCode = {
  badRequest: ProtocolCode.BadRequest,
  unauthorized: ProtocolCode.Unauthorized,
  forbidden: ProtocolCode.Forbidden,
  subprotocolNotAcceptable: ProtocolCode.SubprotocolNotAcceptable,
  initialisationTimeout: ProtocolCode.ConnectionInitialisationTimeout,
  subscriberAlreadyExists: ProtocolCode.SubscriberAlreadyExists,
  tooManyInitialisationRequests: ProtocolCode.TooManyInitialisationRequests,
  internalError: ProtocolCode.InternalServerError,
  /** 1012: the service restarts; connect again. */
  serviceRestart: 1012,
  /** 1013: cannot check tokens at present, or the member has opened too many sockets; try again later. */
  tryAgainLater: 1013,
  /** The client did not read for too long. Connect again with the last cursor. */
  slowConsumer: 4008,
} as const;
