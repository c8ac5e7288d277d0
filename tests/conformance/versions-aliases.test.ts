import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('versions and aliases, through boto3', () => boto3Checks('versions_aliases.py'));
