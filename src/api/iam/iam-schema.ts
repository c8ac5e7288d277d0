import type { Migration } from '../../store/index.ts';

/** Roles, their inline policies and attachments; managed policies and their versions. One account each, no region. */
export const iamMigrations: readonly Migration[] = [
  {
    id: 'iam-0001-roles-and-policies',
    statements: [
      `CREATE TABLE iam_roles (
        account TEXT NOT NULL, name_key TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, name_key))`,
      `CREATE TABLE iam_role_policies (
        account TEXT NOT NULL, role_key TEXT NOT NULL, policy_name TEXT NOT NULL, document TEXT NOT NULL,
        PRIMARY KEY (account, role_key, policy_name))`,
      `CREATE TABLE iam_role_attachments (
        account TEXT NOT NULL, role_key TEXT NOT NULL, policy_arn TEXT NOT NULL,
        PRIMARY KEY (account, role_key, policy_arn))`,
      'CREATE INDEX iam_role_attachments_policy ON iam_role_attachments (account, policy_arn)',
      `CREATE TABLE iam_policies (
        account TEXT NOT NULL, name_key TEXT NOT NULL, arn TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, name_key))`,
      'CREATE UNIQUE INDEX iam_policies_arn ON iam_policies (account, arn)',
      `CREATE TABLE iam_policy_versions (
        account TEXT NOT NULL, arn TEXT NOT NULL, number BIGINT NOT NULL,
        document TEXT NOT NULL, created_ms BIGINT NOT NULL,
        PRIMARY KEY (account, arn, number))`,
    ],
  },
];
