import { defineEntity, p } from '@mikro-orm/core';
import type { JWK } from 'jose';

const SigningKeySchema = defineEntity({
  name: 'SigningKey',
  tableName: 'signing_key',
  properties: {
    kid: p.uuid().primary(),
    publicJwk: p.json<JWK>(),
    /** PKCS #8, sealed with SECRET_KEY. */
    privateKey: p.blob().$type<Buffer>(),
    createdAt: p.datetime(),
  },
});

export class SigningKey extends SigningKeySchema.class {}
SigningKeySchema.setClass(SigningKey);
