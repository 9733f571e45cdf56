/* SPDX-License-Identifier: ISC */
/*
 * main.js NAME[:PART]... - runs the tests of these names in Chromium, one after
 * the other, or one part of a test.
 */
import { launch, long, run, watchdog } from './lib.js';

watchdog(long ? 900 : 150);

const browser = await launch();
let good = true;

for (const argument of process.argv.slice(2)) {
	const [name, part] = argument.split(':');
	const { parts, brief } = await import(`./${name}.js`);

	good = await run(name, part ? { [part]: parts[part] } : parts,
	    part ? [part] : brief, browser) && good;
}
await browser.close();
process.exit(good ? 0 : 1);
