import { hostileFaults } from './hostileFaults.ts';
import { testMatrix } from './matrix.ts';

testMatrix('hostile answers', hostileFaults, 'patient');
