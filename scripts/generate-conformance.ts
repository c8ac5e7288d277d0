import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conformancePage } from './conformance-page.ts';

writeFileSync(join(import.meta.dirname, '../CONFORMANCE.md'), conformancePage());
