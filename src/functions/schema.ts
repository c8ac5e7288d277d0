import type { Migration } from '../store/index.ts';

/**
 * Functions, their versions and aliases, layers and their versions. `version` 0 is `$LATEST`. `code_uses` says which
 * stored code (hashes, keys of merged layers) a version needs, so that the rest can be swept.
 */
export const functionsMigrations: readonly Migration[] = [
  {
    id: 'functions-0001-functions',
    statements: [
      `CREATE TABLE functions (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        last_version BIGINT NOT NULL,
        PRIMARY KEY (account, region, name))`,
      `CREATE TABLE function_versions (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL,
        revision_id TEXT NOT NULL,
        unfinished INTEGER NOT NULL, code_bytes BIGINT NOT NULL, fingerprint TEXT NOT NULL,
        body TEXT NOT NULL, serving TEXT,
        PRIMARY KEY (account, region, name, version))`,
      'CREATE INDEX function_versions_latest ON function_versions (account, region, name) WHERE version = 0',
      'CREATE INDEX function_versions_unfinished ON function_versions (unfinished) WHERE unfinished = 1',
      'CREATE INDEX function_versions_size ON function_versions (account, region, code_bytes)',
      `CREATE TABLE code_uses (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL,
        code_key TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version, code_key))`,
      'CREATE INDEX code_uses_key ON code_uses (code_key)',
      `CREATE TABLE function_aliases (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL,
        version BIGINT NOT NULL, other_version BIGINT, body TEXT NOT NULL,
        PRIMARY KEY (account, region, name, alias))`,
      `CREATE TABLE layers (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
        last_version BIGINT NOT NULL,
        PRIMARY KEY (account, region, name))`,
      `CREATE TABLE layer_versions (
        account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL,
        code_key TEXT NOT NULL, code_bytes BIGINT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (account, region, name, version))`,
      'CREATE INDEX layer_versions_key ON layer_versions (code_key)',
      'CREATE INDEX layer_versions_size ON layer_versions (account, region, code_bytes)',
    ],
  },
];
