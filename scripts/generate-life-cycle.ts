import { readFileSync, writeFileSync } from 'node:fs';
import { lifeCyclePage } from './life-cycle-page.ts';

const file = new URL('../docs/life-cycle.md', import.meta.url);
writeFileSync(file, lifeCyclePage(readFileSync(file, 'utf8')));
