import { inject } from 'vitest';

// In the environment, so that processes which a test starts use the same server; see `databaseLocation`.
process.env['HEARTH_TEST_POSTGRES'] = inject('postgres');
