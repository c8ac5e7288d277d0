import { describe } from 'vitest';
import { boto3Checks } from '../support/boto3-checks.ts';

describe('tracing, through boto3', () => boto3Checks('tracing.py'));
