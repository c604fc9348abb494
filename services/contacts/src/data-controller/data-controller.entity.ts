import { defineEntity, p } from '@mikro-orm/core';

const DataControllerSchema = defineEntity({
  name: 'DataController',
  tableName: 'data_controller',
  properties: {
    workspaceId: p.uuid().primary(),
    name: p.text(),
    address: p.text(),
    email: p.text(),
    privacyOfficer: p.text().nullable(),
    /** ISO 3166-1 alpha-2. */
    jurisdiction: p.text(),
    updatedAt: p.datetime(),
  },
});

/** Who decides what the workspace's data are for (GDPR Art. 4(7)), as documents for people name them. */
export class DataController extends DataControllerSchema.class {}
DataControllerSchema.setClass(DataController);
