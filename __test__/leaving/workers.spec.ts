// Worker threads that leave in every way, while the main thread stays and waits on the same topic:
// see `stayer.ts` for what must hold.
import { everyWay } from './rounds.js';
import { workerWays } from './ways.js';

everyWay('workers', workerWays, 1);
