import { defineEntity, p } from '@mikro-orm/core';

const OidcIssuerSchema = defineEntity({
  name: 'OidcIssuer',
  tableName: 'oidc_issuer',
  properties: {
    workspaceId: p.uuid().primary(),
    issuer: p.text(),
    audience: p.text(),
    jwksUri: p.text(),
    updatedAt: p.datetime(),
  },
});

/** Whose word a workspace takes for who its members are. */
export class OidcIssuer extends OidcIssuerSchema.class {}
OidcIssuerSchema.setClass(OidcIssuer);
