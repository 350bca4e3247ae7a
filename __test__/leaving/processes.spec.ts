// Processes that leave in every way, while another one stays: see `stayer.ts` for what must hold.
import { everyWay } from './rounds.js';
import { processWays } from './ways.js';

everyWay('processes', processWays, 2);
